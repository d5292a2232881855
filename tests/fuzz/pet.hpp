#pragma once

#include <optional>
#include <string>

#include "core/base/describe.hpp"

namespace wabot {

WABOT_ENUM(FuzzDiet, meat, plants)

/// A row with a field of every kind.
struct FuzzPet {
    Id<FuzzPet> id;
    std::string name;
    std::optional<std::string> nick;
    std::int16_t legs = 4;
    std::optional<double> weight;
    bool tame = true;
    FuzzDiet diet = FuzzDiet::meat;
    std::optional<Time> seen_at;
    Sealed phone;
    JsonText notes{"{}"};
    Bytes tag;
    std::string code;
};
WABOT_DESCRIBE(FuzzPet, FIELD(id, .key = true, .read_only = true), FIELD(name, .max = 20, .doc = "What it listens to"), FIELD(nick), FIELD(legs),
               FIELD(weight), FIELD(tame), FIELD(diet), FIELD(seen_at), FIELD(phone, .sealed = "pets.phone"), FIELD(notes), FIELD(tag),
               FIELD(code, .secret = true))

}  // namespace wabot
