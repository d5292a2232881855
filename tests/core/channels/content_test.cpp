#include "core/channels/content.hpp"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"
#include "tests/catch.hpp"
#include "tests/core/channels/every_content.hpp"

using namespace wabot;
using Catch::Contains;
using wabot::test::every_content;
using wabot::test::long_text;
using enum ContentKind;

namespace {

Json content_named(const std::string& name) {
    for (const auto& [of, content] : every_content())
        if (of == name) return read_json(content.object.text);
    FAIL("no content " << name);
    return {};
}

std::string refusal_of(ContentKind kind, const Json& object) {
    try {
        content::check({kind, {write_json(object)}});
    } catch (const Error& error) {
        CHECK(error.code() == Errc::invalid);
        return error.what();
    }
    return "";
}

/// `name` with the value at `place` changed.
std::string refusal_of(ContentKind kind, const std::string& name, const std::string& place, const Json& value) {
    Json object = content_named(name);
    object[Json::json_pointer(place)] = value;
    return refusal_of(kind, object);
}

Json times(std::size_t count, const Json& element) {
    Json list = Json::array();
    for (std::size_t i = 0; i < count; ++i) list.push_back(element);
    return list;
}

std::string file_text(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("content: every kind is valid at its limits, and composed as the Graph API takes it") {
    std::set<ContentKind> seen;
    for (const auto& [name, content] : every_content()) {
        INFO(name);
        CHECK_NOTHROW(content::check(content));
        seen.insert(content.kind);
        const std::string golden = file_text(std::string(WABOT_GOLDEN) + "/whatsapp-sends/" + name + ".json");
        REQUIRE_FALSE(golden.empty());
        CHECK(read_json(compose_whatsapp_message(test::outgoing(content))) == read_json(golden));
    }
    CHECK(seen.size() == std::size(content_kind_words));
}

TEST_CASE("content: one over a limit is refused by its place and the limit") {
    struct Over {
        ContentKind kind;
        const char* name;
        const char* place;
        Json value;
        const char* says;
    };
    const Json row = content_named("list")["action"]["sections"][0]["rows"][0];
    const Over rows[] = {
        {image, "image-id", "/caption", long_text(1025), "image.caption has 1025 characters, and 1024 are allowed"},
        {video, "video", "/caption", long_text(1025), "video.caption has 1025"},
        {document, "document", "/caption", long_text(1025), "document.caption has 1025"},
        {document, "document", "/filename", long_text(241), "document.filename has 241"},
        {location, "location", "/latitude", 90.01, "location.latitude must be a number from -90 to 90"},
        {location, "location", "/longitude", -180.5, "location.longitude must be a number from -180 to 180"},
        {contacts, "contacts-five", "/-", content_named("contacts")[0], "contacts has 6 elements, and 5 are allowed"},
        {contacts, "contacts", "/0/name/formatted_name", long_text(256), "contacts[1].name.formatted_name has 256"},
        {contacts, "contacts", "/0/phones", times(21, {{"phone", "1"}}), "contacts[1].phones has 21"},
        {reaction, "reaction", "/emoji", "ok", "reaction.emoji must be one emoji, or empty"},
        {reaction, "reaction", "/emoji", long_text(17), "reaction.emoji has 17"},
        {template_, "template", "/name", std::string(513, 'a'), "template.name has 513"},
        {template_, "template", "/name", "Sails Ready", "template.name is made of a-z, 0-9 and _"},
        {template_, "template", "/language/code", "english", "template.language.code must be a language like en or pt_BR"},
        {template_, "template-values", "/components/1/parameters/0/text", long_text(32'769), "template.components[2].parameters[1].text has 32769"},
        {template_, "template-values", "/components/1/parameters/0/text", "two\nlines",
         "template.components[2].parameters[1].text must have no line breaks"},
        {template_, "template-values", "/components/1/parameters/0/text", "a\ttab",
         "template.components[2].parameters[1].text must have no line breaks"},
        {template_, "template-values", "/components/1/parameters/0/text", "five     spaces",
         "template.components[2].parameters[1].text must have no line"},
        {template_, "template-values", "/components/2/index", 100, "template.components[3].index must be a number from 0 to 99"},
        {interactive, "button-full", "/action/buttons", times(4, content_named("button")["action"]["buttons"][0]),
         "interactive.action.buttons has 4 elements, and 3"},
        {interactive, "button-full", "/action/buttons/2/reply/title", long_text(21),
         "interactive.action.buttons[3].reply.title has 21 characters, and 20"},
        {interactive, "button-full", "/action/buttons/0/reply/id", long_text(257), "interactive.action.buttons[1].reply.id has 257"},
        {interactive, "button-full", "/body/text", long_text(1025), "interactive.body.text has 1025 characters, and 1024"},
        {interactive, "button-full", "/footer/text", long_text(61), "interactive.footer.text has 61 characters, and 60"},
        {interactive, "button-full", "/header/text", long_text(61), "interactive.header.text has 61 characters, and 60"},
        {interactive, "list-full", "/body/text", long_text(4097), "interactive.body.text has 4097 characters, and 4096"},
        {interactive, "list-full", "/action/button", long_text(21), "interactive.action.button has 21 characters, and 20"},
        {interactive, "list-full", "/action/sections/0/title", long_text(25), "interactive.action.sections[1].title has 25 characters, and 24"},
        {interactive, "list-full", "/action/sections/0/rows/0/title", long_text(25),
         "interactive.action.sections[1].rows[1].title has 25 characters, and 24"},
        {interactive, "list-full", "/action/sections/0/rows/0/id", long_text(201),
         "interactive.action.sections[1].rows[1].id has 201 characters, and 200"},
        {interactive, "list-full", "/action/sections/0/rows/0/description", long_text(73),
         "interactive.action.sections[1].rows[1].description has 73 characters, and 72"},
        {interactive,
         "list-full",
         "/action/sections/-",
         {{"title", "x"}, {"rows", times(1, row)}},
         "interactive.action.sections has 11 elements, and 10"},
        {interactive,
         "list-full",
         "/action/sections/0/rows/-",
         {{"id", "new"}, {"title", "x"}},
         "interactive.action.sections have 11 rows in all, and 10 are allowed"},
        {interactive, "cta", "/body/text", long_text(1025), "interactive.body.text has 1025"},
        {interactive, "cta", "/action/parameters/display_text", long_text(21), "interactive.action.parameters.display_text has 21"},
        {interactive, "location-request", "/body/text", long_text(1025), "interactive.body.text has 1025"},
    };
    for (const Over& over : rows) {
        INFO(over.name << over.place);
        CHECK_THAT(refusal_of(over.kind, over.name, over.place, over.value), Contains(over.says));
    }
}

TEST_CASE("content: what is missing, unknown or of another form is named") {
    CHECK_THAT(refusal_of(image, Json::object()), Contains("image needs one of id, link and file"));
    CHECK_THAT(refusal_of(image, {{"id", "1"}, {"link", "https://example.net/a.png"}}), Contains("needs one of"));
    CHECK_THAT(refusal_of(image, {{"link", "ftp://example.net/a.png"}}), Contains("image.link must be an address"));
    CHECK_THAT(refusal_of(audio, {{"id", "1"}, {"caption", "hi"}}), Contains("audio.caption is not a field; there are id, link, file, voice"));
    CHECK_THAT(refusal_of(sticker, {{"id", 7}}), Contains("sticker.id must be a text"));
    CHECK_THAT(refusal_of(location, {{"latitude", 1}}), Contains("location.longitude is missing"));
    CHECK_THAT(refusal_of(contacts, Json::array()), Contains("contacts must not be empty"));
    CHECK_THAT(refusal_of(contacts, Json::array({Json::object()})), Contains("contacts[1].name is missing"));
    CHECK_THAT(refusal_of(contacts, Json("x")), Contains("contacts must be a list"));
    CHECK_THAT(refusal_of(contacts, "contacts", "/0/birthday", "1983-02-29"), Contains("contacts[1].birthday must be a date"));
    CHECK_THAT(refusal_of(contacts, "contacts", "/0/emails/0/type", "home"), Contains("must be one of HOME, WORK"));
    CHECK_THAT(refusal_of(template_, {{"name", "a"}}), Contains("template.language is missing"));
    {
        Json spaced = content_named("template-values");
        spaced[Json::json_pointer("/components/1/parameters/0/text")] = "four    spaces";
        CHECK(refusal_of(template_, spaced).empty());
        const Json text{{"type", "text"}, {"text", "two\nlines"}};
        const Json card{{"card_index", 0}, {"components", Json::array({{{"type", "body"}, {"parameters", Json::array({text})}}})}};
        spaced["components"] = Json::array({{{"type", "carousel"}, {"cards", Json::array({card})}}, {{"type", "order_status"}}});
        CHECK_THAT(refusal_of(template_, spaced),
                   Contains("template.components[1].cards[1].components[1].parameters[1].text must have no line breaks"));
    }
    CHECK_THAT(refusal_of(template_, "template-values", "/components/0/parameters/0/type", "image"),
               Contains("components[1].parameters[1].image is missing"));
    CHECK_THAT(refusal_of(template_, "template-values", "/components/3", {{"type", "button"}}), Contains("components[4].index is missing"));
    // Of a type that is not known only what all types share is checked.
    const Json dance{{"type", "dance"}, {"body", {{"text", "Shall we?"}}}, {"action", {{"name", "dance"}, {"steps", 3}}}, {"tempo", "slow"}};
    CHECK(refusal_of(interactive, dance).empty());
    CHECK_THAT(refusal_of(interactive, {{"type", "dance"}}), Contains("interactive.action is missing"));
    CHECK_THAT(refusal_of(interactive, {{"type", "dance"}, {"action", Json::object()}, {"body", {{"text", std::string(1025, 'x')}}}}),
               Contains("interactive.body.text has 1025 characters"));
    CHECK_THAT(refusal_of(interactive, Json::object()), Contains("interactive.type is missing"));
    CHECK_THAT(refusal_of(interactive, "button", "/header", {{"type", "image"}}), Contains("interactive.header.image is missing"));
    CHECK_THAT(refusal_of(interactive, "list", "/header", {{"type", "image"}, {"image", {{"id", "1"}}}}),
               Contains("interactive.header.type must be text"));
    CHECK_THAT(
        refusal_of(interactive, "button-full", "/action/buttons/1/reply/id", content_named("button-full")["action"]["buttons"][0]["reply"]["id"]),
        Contains("interactive.action.buttons[2].reply.id is there twice"));
    Json untitled = content_named("list-full");
    untitled["action"]["sections"][3].erase("title");
    CHECK_THAT(refusal_of(interactive, untitled), Contains("interactive.action.sections[4].title is missing: there are several sections"));
    CHECK_THAT(refusal_of(text, {{"body", ""}}), Contains("text.body is empty"));
    CHECK(refusal_of(reaction, {{"emoji", "1️⃣"}}) == "");
}

TEST_CASE("content: every fault is told at once") {
    try {
        content::check(
            {interactive, {R"({"type":"button","body":{"text":""},"action":{"buttons":[{"type":"reply","reply":{"id":"a"}}]},"colour":1})"}});
        FAIL("was taken");
    } catch (const Error& error) {
        CHECK(error.faults().size() == 3);
    }
}

TEST_CASE("content: people read what was written") {
    const auto readable = [](const std::string& name) {
        for (const auto& [of, content] : every_content())
            if (of == name) return content::readable(content);
        return std::string("nothing of that name");
    };
    CHECK(readable("text") == "Hello! ☕");
    CHECK(readable("image-link") == "");
    CHECK(content::readable({document, {R"({"id":"1","filename":"bill.pdf"})"}}) == "bill.pdf");
    CHECK(content::readable({document, {R"({"id":"1","filename":"bill.pdf","caption":"Your bill"})"}}) == "Your bill");
    CHECK(readable("location") == "Lind Boats, 2 Quay Road, Harbour (43.6591, -70.2568)");
    CHECK(readable("contacts") == "Dr. Mara J. Lind");
    CHECK(readable("reaction") == "👍");
    CHECK(readable("template-values") == "sails_ready_2: Ada, b/17");
    CHECK(readable("button") == "Shall we bring it today? [éé0]");
    CHECK(readable("location-request") == "Where are you?");
    CHECK_THAT(readable("cta"), Contains("https://example.net/book]"));
}

TEST_CASE("content: a file is of a type and size that the provider takes") {
    const auto refusal = [](ContentKind kind, const char* type, std::int64_t size, bool is_animated = false) {
        try {
            content::check_file(kind, {type, size, is_animated});
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    constexpr std::int64_t MiB = 1024 * 1024;
    CHECK(refusal(image, "image/png", 5 * MiB) == "");
    CHECK(refusal(image, "image/jpeg", 5 * MiB + 1) == "image may have 5242880 bytes, and the file has 5242881");
    CHECK_THAT(refusal(image, "image/gif", 10), Contains("image may be image/jpeg, image/png, and the file is image/gif"));
    CHECK(refusal(video, "video/3gpp", 16 * MiB) == "");
    CHECK(refusal(video, "video/mp4", 16 * MiB + 1) != "");
    CHECK(refusal(audio, "audio/ogg", 16 * MiB) == "");
    CHECK(refusal(audio, "audio/mpeg", 16 * MiB + 1) != "");
    CHECK(refusal(document, "application/pdf", 100 * MiB) == "");
    CHECK(refusal(document, "text/plain", 100 * MiB + 1) != "");
    CHECK(refusal(sticker, "image/webp", 100 * 1024) == "");
    CHECK(refusal(sticker, "image/webp", 100 * 1024 + 1) != "");
    CHECK(refusal(sticker, "image/webp", 500 * 1024, true) == "");
    CHECK(refusal(sticker, "image/webp", 500 * 1024 + 1, true) != "");
    CHECK(refusal(image, "image/png", 0) == "image is an empty file");
}

TEST_CASE("content: files of ours are found and replaced wherever they stand") {
    const std::string object = R"({"type":"button","header":{"type":"image","image":{"file":7}},"more":[{"file":9},{"file":7}]})";
    CHECK(content::files_of(object) == std::vector<std::int64_t>{7, 9});
    const JsonText replaced = content::with_media_id(object, 7, "700000000000009");
    CHECK(content::files_of(replaced.text) == std::vector<std::int64_t>{9});
    CHECK(read_json(replaced.text)["header"]["image"] == Json{{"id", "700000000000009"}});
    CHECK(content::files_of(R"({"link":"https://example.net/a.png"})").empty());
}
