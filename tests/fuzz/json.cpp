#include "core/base/json.hpp"

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "tests/fuzz/pet.hpp"
#include "tests/fuzz/targets.hpp"

namespace wabot::fuzz {

void json(std::string_view input) {
    const Json document = read_json(input);
    const std::string written = write_json(document);
    require(read_json(written) == document, "what is written is read again");
    const bool may_have_halves = input.find("\\ud") != std::string_view::npos || input.find("\\uD") != std::string_view::npos;
    require(may_have_halves || nlohmann::json::accept(input), "the library takes all that is taken");

    FuzzPet pet;
    pet.phone = {{"sealed"}, {"hash"}, "1234"};
    try {
        from_json(pet, document);
    } catch (const Error& refused) {
        require(refused.code() == Errc::invalid && (!document.is_object() || document.empty() || !refused.faults().empty()), "a refusal says where");
    }
    const Json shown = to_json(pet);
    require(shown.contains("phone") && !shown.contains("code"), "secrets are not shown");
    FuzzPet same = pet;
    from_json(same, shown);
    require(to_json(same) == shown, "an object is read as it is written");
    for (const Field& field : fields_of<FuzzPet>) to_text(field, field.get(&pet));
    require(schema_of(fields_of<FuzzPet>, "pet").contains("properties"), "a schema has properties");
}

}  // namespace wabot::fuzz
