#include "cli/commands.hpp"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "cli/framework/runtime.hpp"
#include "cli/help/limits.hpp"
#include "cli/help/nouns.hpp"
#include "cli/help/text_wrap.hpp"
#include "cli/output/columns.hpp"
#include "core/base/text.hpp"

namespace wabot::cli {

namespace {

struct ExplainOptions {
    std::optional<std::string> what;
};

std::string type_of(const Field& field) {
    switch (field.kind) {
        case Kind::boolean: return "boolean";
        case Kind::integer: return "integer";
        case Kind::number: return "number";
        case Kind::text: return field.words.empty() ? "text" : "word";
        case Kind::bytes: return "bytes, in hexadecimal";
        case Kind::time: return "time, ISO 8601 in UTC";
        case Kind::json: return "JSON";
        case Kind::sealed: return "text, sealed in the store";
    }
    return {};
}

Json example_of(const Field& field) {
    if (!field.words.empty()) return field.words.front();
    switch (field.kind) {
        case Kind::boolean: return true;
        case Kind::integer: return 12;
        case Kind::number: return 0.5;
        case Kind::text: return field.note.key ? "shop" : "text";
        case Kind::bytes: return "00ff";
        case Kind::time: return "2026-01-05T12:00:00Z";
        case Kind::json: return Json::object();
        case Kind::sealed: return std::string(mask) + "0117";
    }
    return nullptr;
}

/// What a value must be beyond its type.
std::vector<std::string> constraints_of(const Field& field) {
    std::vector<std::string> all;
    if (field.note.max != 0) all.push_back(fmt::format("at most {} characters", field.note.max));
    const bool is_bounded = field.kind == Kind::integer && field.most < std::numeric_limits<std::int64_t>::max();
    if (is_bounded) all.push_back(fmt::format("from {} to {}", field.least, field.most));
    if (!field.words.empty()) all.push_back(fmt::format("one of {}", fmt::join(field.words, ", ")));
    if (field.note.key) all.emplace_back("names the object in commands");
    if (field.note.read_only) all.emplace_back("set by wabot, never by you");
    if (field.kind == Kind::sealed) all.emplace_back("masked without --reveal");
    return all;
}

std::string short_type(const Field& field) {
    const std::string type = type_of(field);
    return type.substr(0, type.find(',')) + (field.nullable ? " or null" : "");
}

/// What an object of this noun is made of, as commands show it: with the names of the objects that it refers to.
std::vector<Field> shown_fields(const NounRow& noun) {
    std::vector<Field> fields;
    for (const Column& column : all_columns(noun.fields)) {
        Field& field = fields.emplace_back(*column.field);
        if (column.shows_name) field = {.name = column.name, .kind = Kind::text, .nullable = true, .note = {.read_only = true}};
    }
    return fields;
}

std::string about_noun(const NounRow& noun, std::size_t width) {
    std::vector<Line> lines;
    for (const Field& field : shown_fields(noun)) {
        std::string text = short_type(field);
        if (!field.words.empty()) text += fmt::format(" ({})", fmt::join(field.words, ", "));
        text += fmt::format(". {}", doc_of(noun, field));
        lines.push_back({std::string(field.name), std::move(text)});
    }
    std::string out = wrapped_paragraphs(noun.doc, width) + two_columns("Fields", lines, width);
    if (!noun.command.empty()) out += fmt::format("\nExample:\n  wabot {} -o json\n", noun.command);
    return out;
}

std::string about_field(const NounRow& noun, const Field& field, std::size_t width) {
    std::string out = fmt::format("{}.{}: {}{}\n", noun.noun, field.name, type_of(field), field.nullable ? ", or null" : "");
    out += "\n" + wrapped_paragraphs(doc_of(noun, field), width);
    const std::vector<std::string> constraints = constraints_of(field);
    if (!constraints.empty()) out += "\n";
    for (const std::string& constraint : constraints) out += fmt::format("  {}\n", wrapped(constraint, 2, width));
    out += fmt::format("\nExample:\n  {}\n", Json{{field.name, example_of(field)}}.dump());
    if (!noun.command.empty()) out += fmt::format("  wabot {} --columns {}\n", noun.command, field.name);
    return out;
}

const NounRow& noun_row(std::string_view word) {
    std::vector<std::string_view> known;
    for (const NounRow& row : all_nouns()) {
        if (word == row.noun || word == std::string(row.noun) + "s") return row;
        known.push_back(row.noun);
    }
    const std::string near = did_you_mean(word, known);
    usage_error(fmt::format("there is nothing to explain about \"{}\"{}{}", word, near.empty() ? "" : "; ", near),
                fmt::format("one of {}", fmt::join(known, ", ")), "noun");
}

Field field_of(const NounRow& noun, std::string_view name) {
    std::vector<std::string_view> known;
    for (const Field& field : shown_fields(noun)) {
        if (field.name == name) return field;
        known.push_back(field.name);
    }
    const std::string near = did_you_mean(name, known);
    usage_error(fmt::format("a {} has no field \"{}\"{}{}", noun.noun, name, near.empty() ? "" : "; ", near),
                fmt::format("one of {}", fmt::join(known, ", ")), "noun");
}

void explain_nouns(Output& out) {
    std::vector<Line> lines;
    Json json = Json::array();
    for (const NounRow& row : all_nouns()) {
        lines.push_back({std::string(row.noun), std::string(row.doc)});
        json.push_back({{"noun", row.noun}, {"doc", row.doc}});
    }
    out.document(Json{{"items", std::move(json)}, {"next_cursor", nullptr}}, two_columns("Nouns", lines, out.options().out.width).substr(1));
}

void explain_limits(Output& out) {
    Json json = Json::array();
    for (const LimitRow& row : all_limits()) json.push_back({{"what", row.what}, {"most", row.most}, {"beyond", row.beyond}});
    out.document(Json{{"items", std::move(json)}, {"next_cursor", nullptr}}, limits_text(out.options().out.width));
}

void explain(Runtime& rt, const ExplainOptions& options) {
    Output& out = rt.out();
    if (!options.what) return explain_nouns(out);
    if (options.what == "limits") return explain_limits(out);
    const std::size_t dot = std::min(options.what->find('.'), options.what->size());
    const NounRow& noun = noun_row(std::string_view(*options.what).substr(0, dot));
    const std::size_t width = out.options().out.width;
    const std::vector<Field> fields = shown_fields(noun);
    Json schema = schema_of(fields, noun.noun);
    for (const Field& field : fields) schema["properties"][std::string(field.name)]["description"] = doc_of(noun, field);
    if (dot == options.what->size()) {
        schema["description"] = noun.doc;
        return out.document(schema, about_noun(noun, width));
    }
    const Field field = field_of(noun, std::string_view(*options.what).substr(dot + 1));
    out.document(schema["properties"][std::string(field.name)], about_field(noun, field, width));
}

}  // namespace

std::span<const Command> explain_commands() {
    static const Command table[] = {
        // namespace
        {.path = "explain",
         .summary = "Explain the fields of an object: types and allowed values",
         .formats = formats::document,
         .examples = {{"wabot explain message.status", "one field of a message, and its values"}, {"wabot explain limits", "all limits"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<ExplainOptions>();
             cmd.argument("noun", opts->what, "NOUN, NOUN.FIELD, or limits (default: the list of nouns)").completes(Noun::explained);
             return [opts](Runtime& rt) { explain(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
