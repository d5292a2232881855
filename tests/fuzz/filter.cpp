#include "core/database/filter.hpp"

#include <algorithm>

#include "tests/fuzz/pet.hpp"
#include "tests/fuzz/targets.hpp"

namespace wabot::fuzz {

void filter(std::string_view input) {
    const FilterReading reading{fields_of<FuzzPet>, Time(std::chrono::seconds(1'750'000'000)),
                                [](const Field&, std::string_view text) { return Bytes{std::string(text)}; }};
    const Condition condition = read_filter(input, reading);
    require(std::count(condition.sql.begin(), condition.sql.end(), '?') == static_cast<std::ptrdiff_t>(condition.values.size()),
            "each value has its place");
    require(condition.sql.find_first_of("';\\\n") == std::string::npos, "no value stands in the statement");
    require(std::count(condition.sql.begin(), condition.sql.end(), '(') == std::count(condition.sql.begin(), condition.sql.end(), ')'),
            "parentheses close");
    require(condition.sql.find("code") == std::string::npos, "what is secret is not asked for");
}

}  // namespace wabot::fuzz
