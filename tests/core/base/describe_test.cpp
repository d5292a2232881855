#include "core/base/describe.hpp"

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/world.hpp"

namespace wabot {

WABOT_ENUM(ParcelState, packed, sent, lost)

/// A struct as a feature would add one; `remark` stands for the field that somebody adds later.
struct Parcel {
    Id<struct ParcelTag> id;
    std::string name;
    ParcelState state = ParcelState::packed;
    std::int16_t weight_g = 0;
    bool is_fragile = false;
    double price = 0;
    Time packed_at{};
    JsonText options;
    Bytes seal;
    Sealed phone_number;
    std::string token;
    std::optional<std::string> remark;
};
WABOT_DESCRIBE(Parcel, FIELD(id, .key = true, .read_only = true), FIELD(name, .max = 5, .doc = "Shown on the label"), FIELD(state), FIELD(weight_g),
               FIELD(is_fragile), FIELD(price), FIELD(packed_at), FIELD(options), FIELD(seal), FIELD(phone_number, .sealed = "parcels.phone_number"),
               FIELD(token, .secret = true), FIELD(remark, .max = 20, .wide = true))

namespace {

using test::at;

Parcel a_parcel() {
    return {.id = {7},
            .name = "books",
            .state = ParcelState::sent,
            .weight_g = 900,
            .is_fragile = true,
            .price = 2.5,
            .packed_at = at("2026-01-05T12:00:00.25Z"),
            .options = {R"({"gift":[1,null]})"},
            .seal = {std::string("\x00\xff", 2)},
            .phone_number = {{"cipher"}, {"digest"}, "0123"},
            .token = "hidden",
            .remark = "ring twice"};
}

const Field& field_of(std::string_view name) {
    for (const Field& field : fields_of<Parcel>)
        if (field.name == name) return field;
    throw std::logic_error("no such field");
}

/// What from_json says against one document.
std::vector<Fault> faults_of(Parcel& parcel, std::string_view json) {
    try {
        from_json(parcel, read_json(json));
    } catch (const Error& e) {
        CHECK(e.code() == Errc::invalid);
        return e.faults();
    }
    return {};
}

std::string kind_of_fault(std::string_view json) {
    Parcel parcel = a_parcel();
    const auto faults = faults_of(parcel, json);
    return faults.size() == 1 ? faults[0].where + " " + faults[0].kind : std::to_string(faults.size()) + " faults";
}

}  // namespace

TEST_CASE("describe: a described struct goes into a row of values and comes back", "[base]") {
    const Parcel parcel = a_parcel();
    Parcel copy;
    for (const Field& field : fields_of<Parcel>) field.set(&copy, field.get(&parcel));
    CHECK(copy.remark == "ring twice");
    for (const Field& field : fields_of<Parcel>) {
        INFO(field.name);
        CHECK(field.get(&copy) == field.get(&parcel));
    }
}

TEST_CASE("describe: a row of the database's own types is taken as well", "[base]") {
    Parcel parcel;
    field_of("is_fragile").set(&parcel, std::int64_t{1});
    field_of("price").set(&parcel, std::int64_t{3});
    field_of("packed_at").set(&parcel, std::int64_t{1'000'000});
    field_of("options").set(&parcel, std::string("[]"));
    field_of("remark").set(&parcel, Value{});
    CHECK(parcel.is_fragile);
    CHECK(parcel.price == 3);
    CHECK(parcel.packed_at == at("1970-01-01T00:00:01Z"));
    CHECK(parcel.options.text == "[]");
    CHECK_FALSE(parcel.remark);
}

TEST_CASE("describe: a value of another kind, or an unknown word, in a row is a bug", "[base]") {
    Parcel parcel;
    CHECK_THROWS_AS(field_of("name").set(&parcel, std::int64_t{1}), Error);
    CHECK_THROWS_AS(field_of("state").set(&parcel, std::string("eaten")), Error);
}

TEST_CASE("describe: an object's JSON has every field in order, no secret, and sealed fields as they may be shown", "[base]") {
    const Parcel parcel = a_parcel();
    CHECK(write_json(to_json(parcel)) ==
          R"({"id":7,"name":"books","state":"sent","weight_g":900,"is_fragile":true,"price":2.5,"packed_at":"2026-01-05T12:00:00.250000Z",)"
          R"("options":{"gift":[1,null]},"seal":"00ff","phone_number":"••••••0123","remark":"ring twice"})");
    const auto reveal = [](const Sealed& value, std::string_view place) { return value.enc.data + " of " + std::string(place); };
    CHECK(to_json(parcel, reveal).at("phone_number") == "cipher of parcels.phone_number");
    CHECK(to_json(Parcel{}).at("remark").is_null());
    CHECK(to_json(Parcel{}).at("phone_number").is_null());
}

TEST_CASE("describe: JSON sets the fields it names and no others", "[base]") {
    Parcel parcel = a_parcel();
    CHECK(faults_of(parcel, R"({"name":"Bücher"})").size() == 1);  // six characters
    CHECK(faults_of(parcel, R"({"name":"Bücke","state":"lost","remark":null,"options":[true],"seal":"0A","packed_at":"2026-02-01T00:00:00Z"})")
              .empty());
    CHECK(parcel.name == "Bücke");
    CHECK(parcel.state == ParcelState::lost);
    CHECK_FALSE(parcel.remark);
    CHECK(parcel.options.text == "[true]");
    CHECK(parcel.seal.data == "\n");
    CHECK(parcel.packed_at == at("2026-02-01T00:00:00Z"));
    CHECK(parcel.weight_g == 900);
}

TEST_CASE("describe: every wrong field is reported at once and then nothing is set", "[base]") {
    Parcel parcel = a_parcel();
    const auto faults = faults_of(parcel, R"({"name":"boxes","state":"eaten","weight_g":"heavy","nmae":1,"id":8})");
    REQUIRE(faults.size() == 4);
    CHECK(faults[0].where == "state");
    CHECK(faults[0].message == "must be one of packed, sent, lost");
    CHECK(faults[1].kind == "type");
    CHECK(faults[2].message == R"(is not a field; did you mean "name"?)");
    CHECK(faults[3].kind == "read_only");
    CHECK(parcel.name == "books");
}

TEST_CASE("describe: what a field cannot hold is refused by kind", "[base]") {
    CHECK(kind_of_fault(R"({"name":"longer"})") == "name length");
    CHECK(kind_of_fault(R"({"name":null})") == "name type");
    CHECK(kind_of_fault(R"({"name":"a\u0000b"})") == "name value");
    CHECK(kind_of_fault(R"({"weight_g":32768})") == "weight_g value");
    CHECK(kind_of_fault(R"({"weight_g":18446744073709551615})") == "weight_g value");
    CHECK(kind_of_fault(R"({"weight_g":1.5})") == "weight_g type");
    CHECK(kind_of_fault(R"({"is_fragile":1})") == "is_fragile type");
    CHECK(kind_of_fault(R"({"price":"2"})") == "price type");
    CHECK(kind_of_fault(R"({"packed_at":"yesterday"})") == "packed_at value");
    CHECK(kind_of_fault(R"({"seal":"0"})") == "seal value");
    CHECK(kind_of_fault(R"([])") == " type");
}

TEST_CASE("describe: a read-only field sent back unchanged is ignored", "[base]") {
    Parcel parcel = a_parcel();
    CHECK(faults_of(parcel, write_json(to_json(parcel))).empty());
    CHECK(parcel.phone_number.last4 == "0123");
}

TEST_CASE("describe: the schema states limits, words, ranges, what is required and what is read-only", "[base]") {
    const Json schema = schema_of(fields_of<Parcel>, "Parcel");
    const Json& properties = schema.at("properties");
    CHECK(schema.at("title") == "Parcel");
    CHECK(properties.at("id").at("readOnly") == true);
    CHECK(properties.at("name") == Json::parse(R"({"type":"string","maxLength":5,"description":"Shown on the label"})"));
    CHECK(properties.at("state").at("enum") == Json::parse(R"(["packed","sent","lost"])"));
    CHECK(properties.at("weight_g").at("maximum") == 32767);
    CHECK(properties.at("packed_at").at("format") == "date-time");
    CHECK(properties.at("remark").at("type") == Json::parse(R"(["string","null"])"));
    CHECK_FALSE(properties.contains("token"));
    CHECK(properties.size() == 11);
    CHECK(schema.at("required").size() == 10);
}

TEST_CASE("describe: every value has a text for tables", "[base]") {
    const Parcel parcel = a_parcel();
    std::string line;
    for (const Field& field : fields_of<Parcel>)
        if (!field.note.secret) line += to_text(field, field.get(&parcel)) + "|";
    CHECK(line == R"(7|books|sent|900|yes|2.5|2026-01-05T12:00:00.250000Z|{"gift":[1,null]}|00ff|••••••0123|ring twice|)");
    CHECK(to_text(field_of("remark"), Value{}).empty());
}

TEST_CASE("describe: a forgotten member is noticed when compiled", "[base]") {
    struct OneMore {
        int a, b;
    };
    constexpr Field described[] = {field<&OneMore::a>("a")};
    STATIC_REQUIRE(std::size(described) != boost::pfr::tuple_size_v<OneMore>);  // what WABOT_DESCRIBE asserts
    STATIC_REQUIRE(fields_of<Parcel>.size() == boost::pfr::tuple_size_v<Parcel>);
    STATIC_REQUIRE_FALSE(Described<OneMore>);
}

}  // namespace wabot
