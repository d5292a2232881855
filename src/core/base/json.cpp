#include "core/base/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/hex.hpp"
#include "core/base/strict_json.hpp"
#include "core/base/text.hpp"

namespace wabot {

namespace {

/// Tells how far the library has read, which its interface does not.
class CountedByte {
public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountedByte(const char* at, const char** reached) : at_(at), reached_(reached) {}
    reference operator*() const { return *at_; }
    CountedByte& operator++() {
        *reached_ = ++at_;
        return *this;
    }
    CountedByte operator++(int) {
        const CountedByte before = *this;
        ++*this;
        return before;
    }
    bool operator==(const CountedByte& other) const { return at_ == other.at_; }

private:
    const char* at_;
    const char** reached_;
};

/// U+FDD0 to U+FDEF, and the last two of each plane.
bool has_noncharacter(std::string_view text) {
    for (std::size_t i = 0; i + 2 < text.size(); ++i) {
        const auto at = [&](std::size_t n) { return static_cast<unsigned char>(text[n]); };
        if (at(i) == 0xEF && at(i + 1) == 0xB7 && at(i + 2) >= 0x90 && at(i + 2) <= 0xAF) return true;
        const bool last = at(i + 1) == 0xBF && at(i + 2) >= 0xBE;
        const bool of_first_plane = at(i) == 0xEF;
        const bool of_another = i > 0 && at(i - 1) >= 0xF0 && at(i) >= 0x80 && at(i) <= 0xBF && (at(i) & 0x0F) == 0x0F;
        if (last && (of_first_plane || of_another)) return true;
    }
    return false;
}

/// Builds the document. Its own handler, because the library's keeps no limits, takes the last of two equal keys, and looks each new key of an
/// ordered object up in all those before it: quadratic in untrusted input.
class Builder : public nlohmann::json_sax<Json> {
public:
    Builder(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits), reached_(text.data()) {}

    Json build() {
        const CountedByte end(text_.data() + text_.size(), &reached_);
        Json::sax_parse(CountedByte(text_.data(), &reached_), end, this);  // false only after parse_error, which throws
        return std::move(root_);
    }

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    /// Of what begins with a minus only.
    bool number_integer(std::int64_t value) override {
        if (value == 0 && limits_.is_strict) refuse("JSON has the number -0");
        return put(value);
    }
    bool number_unsigned(std::uint64_t value) override { return put(value); }
    bool number_float(double value, const std::string& written) override {
        if (written.size() > limits_.digits) refuse(fmt::format("JSON has a number of more than {} digits", limits_.digits));
        return put(value);
    }
    bool string(std::string& value) override {
        check(value);
        return put(std::move(value));
    }
    bool binary(Json::binary_t&) override { return false; }  // no JSON text holds one

    bool start_object(std::size_t) override { return open(Json::object()); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_array() override { return close(); }
    bool end_object() override {
        refuse_duplicates(open_.back()->get_ref<const Json::object_t&>());
        return close();
    }
    bool key(std::string& name) override {
        auto& members = open_.back()->get_ref<Json::object_t&>();
        if (members.size() >= limits_.members) refuse(fmt::format("JSON has an object of more than {} members", limits_.members));
        check(name);
        members.Container::emplace_back(std::move(name), nullptr);
        slot_ = &members.back().second;
        return true;
    }

    /// The library's own text quotes the input, which may hold what must not be shown.
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
        const auto broken = invalid_utf8_at(text_);
        if (broken && *broken <= position) throw JsonError(fmt::format("not JSON: byte {} is not UTF-8", *broken), *broken);
        const std::size_t last = position == 0 ? 0 : position - 1;
        throw JsonError(fmt::format("not JSON at byte {}", last), last);
    }

private:
    /// The byte is the last one that was looked at.
    [[noreturn]] void refuse(const std::string& why) const {
        const auto last = static_cast<std::size_t>(std::max<std::ptrdiff_t>(reached_ - text_.data(), 1) - 1);
        throw JsonError(fmt::format("{}, at byte {}", why, last), last);
    }

    void check(const std::string& text) const {
        if (text.size() > limits_.bytes) refuse(fmt::format("JSON has a text of more than {} bytes", limits_.bytes));
        if (limits_.is_strict && has_noncharacter(text)) refuse("JSON has a text with what is no character");
    }

    Json* put(Json&& value) {
        if (open_.empty()) return &(root_ = std::move(value));
        if (open_.back()->is_object()) return &(*slot_ = std::move(value));
        auto& items = open_.back()->get_ref<Json::array_t&>();
        return &items.emplace_back(std::move(value));
    }
    template <class T>
    bool put(T&& value) {
        return put(Json(std::forward<T>(value))) != nullptr;
    }

    bool open(Json&& container) {
        if (open_.size() >= limits_.depth) refuse(fmt::format("JSON is nested deeper than {} levels", limits_.depth));
        open_.push_back(put(std::move(container)));
        return true;
    }

    bool close() {
        open_.pop_back();
        return true;
    }

    void refuse_duplicates(const Json::object_t& members) const {
        constexpr std::size_t shown_characters = 60;
        if (members.size() < 2) return;
        std::vector<std::string_view> names;
        names.reserve(members.size());
        for (const auto& [name, value] : members) names.emplace_back(name);
        std::sort(names.begin(), names.end());
        const auto twice = std::adjacent_find(names.begin(), names.end());
        if (twice != names.end()) refuse(fmt::format("JSON has the key {} twice in one object", first_characters(*twice, shown_characters)));
    }

    std::string_view text_;
    JsonLimits limits_;
    const char* reached_;
    Json root_;
    Json* slot_ = nullptr;     // where the value of the last key goes
    std::vector<Json*> open_;  // the containers around the current place; only the innermost grows, so the pointers hold
};

Json embedded(const JsonText& document) {
    Json parsed = Json::parse(document.text, nullptr, false);
    if (parsed.is_discarded()) throw Error(Errc::bug, "a stored document is not JSON");
    return parsed;
}

Json value_to_json(const Field& field, const Value& value, const ShowSealed& show) {
    switch (field.kind) {
        case Kind::boolean:
            if (const auto* v = std::get_if<bool>(&value)) return *v;
            break;
        case Kind::integer:
            if (const auto* v = std::get_if<std::int64_t>(&value)) return *v;
            break;
        case Kind::number:
            if (const auto* v = std::get_if<double>(&value)) return *v;
            break;
        case Kind::text:
            if (const auto* v = std::get_if<std::string>(&value)) return *v;
            break;
        case Kind::bytes:
            if (const auto* v = std::get_if<Bytes>(&value)) return to_hex(v->data);
            break;
        case Kind::time:
            if (const auto* v = std::get_if<Time>(&value)) return to_iso(*v);
            break;
        case Kind::json:
            if (const auto* v = std::get_if<JsonText>(&value)) return embedded(*v);
            break;
        case Kind::sealed:
            if (const auto* v = std::get_if<Sealed>(&value); v != nullptr && !v->enc.empty()) return show(*v, field.note.sealed);
            break;
    }
    return nullptr;
}

std::string join_words(std::span<const std::string_view> words) {
    return fmt::format("{}", fmt::join(words, ", "));
}

/// What is wrong with one value: thrown by the readers below, gathered by from_json.
struct Refused {
    std::string kind;
    std::string message;
};

std::int64_t read_integer(const Field& field, const Json& json) {
    if (!json.is_number_integer()) throw Refused{"type", "must be a whole number"};
    const bool over = json.is_number_unsigned() && json.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX);
    const auto number = json.get<std::int64_t>();
    if (over || number < field.least || number > field.most) throw Refused{"value", fmt::format("must be from {} to {}", field.least, field.most)};
    return number;
}

const std::string& read_string(const Json& json, const char* otherwise) {
    if (!json.is_string()) throw Refused{"type", otherwise};
    return json.get_ref<const std::string&>();
}

std::string read_text(const Field& field, const Json& json) {
    const std::string& text = read_string(json, "must be a text");
    const std::size_t max = field.note.max;
    if (max != 0 && count_code_points(text) > max) throw Refused{"length", fmt::format("must not be longer than {} characters", max)};
    if (text.find('\0') != std::string::npos) throw Refused{"value", "must not contain the character U+0000"};
    const bool known = field.words.empty() || std::find(field.words.begin(), field.words.end(), text) != field.words.end();
    if (!known) throw Refused{"value", "must be one of " + join_words(field.words)};
    return text;
}

Time read_time(const Json& json) {
    const auto time = from_iso(read_string(json, "must be a time like 2026-01-05T12:00:00Z"));
    if (!time) throw Refused{"value", "must be a UTC time like 2026-01-05T12:00:00Z"};
    return *time;
}

Bytes read_bytes(const Json& json) {
    auto bytes = from_hex(read_string(json, "must be hexadecimal digits"));
    if (!bytes) throw Refused{"value", "must be hexadecimal digits"};
    return {std::move(*bytes)};
}

Value read_value(const Field& field, const Json& json) {
    const bool null_document = field.kind == Kind::json && !field.nullable;  // there null is a document like any other
    if (json.is_null() && !null_document) {
        if (field.nullable) return {};
        throw Refused{"type", "must not be null"};
    }
    switch (field.kind) {
        case Kind::boolean:
            if (json.is_boolean()) return json.get<bool>();
            throw Refused{"type", "must be true or false"};
        case Kind::integer: return read_integer(field, json);
        case Kind::number:
            if (json.is_number()) return json.get<double>();
            throw Refused{"type", "must be a number"};
        case Kind::text: return read_text(field, json);
        case Kind::bytes: return read_bytes(json);
        case Kind::time: return read_time(json);
        case Kind::json: return JsonText{write_json(json)};
        case Kind::sealed: break;
    }
    throw Error(Errc::bug, "a sealed field was read as plain JSON");
}

void refuse_change(const Field& field, const void* object, const Json& json) {
    bool same = false;
    try {
        same = read_value(field, json) == field.get(object);
    } catch (const Refused&) {
    }
    if (!same) throw Refused{"read_only", "cannot be changed"};
}

std::string summary(std::span<const Fault> faults) {
    std::string out;
    for (const Fault& fault : faults) {
        if (!out.empty()) out += "; ";
        out += fault.where.empty() ? fault.message : fault.where + " " + fault.message;
    }
    return out;
}

std::string unknown_field(std::span<const Field> fields, std::string_view name) {
    std::vector<std::string_view> names;
    for (const Field& field : fields)
        if (!field.note.secret) names.push_back(field.name);
    const std::string hint = did_you_mean(name, names);
    return hint.empty() ? "is not a field" : "is not a field; " + hint;
}

const char* json_type(Kind kind) {
    switch (kind) {
        case Kind::boolean: return "boolean";
        case Kind::integer: return "integer";
        case Kind::number: return "number";
        default: return "string";
    }
}

Json schema_of(const Field& field) {
    Json out = Json::object();
    if (field.kind != Kind::json) {  // a document may be of any type
        const char* type = json_type(field.kind);
        if (field.nullable)
            out["type"] = Json::array({type, "null"});
        else
            out["type"] = type;
    }
    if (field.kind == Kind::time) out["format"] = "date-time";
    if (field.kind == Kind::integer && field.least != INT64_MIN) out["minimum"] = field.least;
    if (field.kind == Kind::integer && field.most != INT64_MAX) out["maximum"] = field.most;
    if (field.note.max != 0) out["maxLength"] = field.note.max;
    if (!field.words.empty()) {
        out["enum"] = Json::array();
        for (const std::string_view word : field.words) out["enum"].push_back(word);
        if (field.nullable) out["enum"].push_back(nullptr);
    }
    if (field.note.read_only) out["readOnly"] = true;
    if (!field.note.doc.empty()) out["description"] = field.note.doc;
    return out;
}

}  // namespace

JsonError::JsonError(const std::string& why, std::size_t byte) : Error(Errc::bad_request, why), byte_(byte) {}

std::string JsonError::place_in(std::string_view text) const {
    const std::string_view before = text.substr(0, byte_);
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is the beginning
    return fmt::format("{}:{}", std::count(before.begin(), before.end(), '\n') + 1, before.size() - line_start + 1);
}

Error JsonError::in_file(std::string_view file, std::string_view text, std::string hint) const {
    return {Errc::invalid, fmt::format("{}:{}: {}", file, place_in(text), what()), std::move(hint)};
}

namespace {

std::optional<unsigned> escaped_code_unit(std::string_view text, std::size_t at) {
    if (text.substr(at, 2) != "\\u") return std::nullopt;
    unsigned unit = 0;
    const std::string_view digits = text.substr(at + 2, 4);
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
    return failed == std::errc() && end == digits.data() + 4 ? std::optional(unit) : std::nullopt;
}

/// Halves of characters, as programs leave them that cut a text (RFC 8259 8.2 leaves open what they mean), as U+FFFD; every byte stays in its place.
std::string without_lone_surrogates(std::string_view text) {
    std::string out(text);
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (out[i] != '\\') continue;
        const auto unit = escaped_code_unit(out, i);
        if (!unit) {
            ++i;  // what is escaped
            continue;
        }
        const bool is_high = *unit >= 0xD800 && *unit <= 0xDBFF, is_low = *unit >= 0xDC00 && *unit <= 0xDFFF;
        const auto next = is_high ? escaped_code_unit(out, i + 6) : std::nullopt;
        const bool is_pair = next && *next >= 0xDC00 && *next <= 0xDFFF;
        if ((is_high && !is_pair) || is_low) out.replace(i, 6, "\\ufffd");
        i += is_pair ? 11 : 5;
    }
    return out;
}

}  // namespace

Json read_json(std::string_view text, int depth_max) {
    const JsonLimits limits{.depth = static_cast<std::size_t>(depth_max)};
    const bool has_surrogates = text.find("\\ud") != std::string_view::npos || text.find("\\uD") != std::string_view::npos;
    return has_surrogates ? Builder(without_lone_surrogates(text), limits).build() : Builder(text, limits).build();
}

Json read_strict_json(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) throw JsonError("not JSON at byte 0: a byte order mark", 0);
    return Builder(text, strict_json_limits).build();
}

std::string write_json(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string masked(const Sealed& value, std::string_view) {
    return std::string(mask) + value.last4;
}

Json to_json(std::span<const Field> fields, const void* object, const ShowSealed& show) {
    Json out = Json::object();
    for (const Field& field : fields)
        if (!field.note.secret) out[std::string(field.name)] = value_to_json(field, field.get(object), show);
    return out;
}

void from_json(std::span<const Field> fields, void* object, const Json& json) {
    if (!json.is_object()) throw Error(Errc::invalid, "must be a JSON object", std::vector<Fault>{{"", "must be a JSON object", "type"}});
    std::vector<Fault> faults;
    std::vector<std::pair<const Field*, Value>> accepted;
    for (const auto& [name, value] : json.items()) {
        const auto field = std::find_if(fields.begin(), fields.end(), [&name = name](const Field& f) { return f.name == name; });
        try {
            if (field == fields.end()) throw Refused{"unknown", unknown_field(fields, name)};
            if (field->note.secret || field->kind == Kind::sealed) continue;
            if (field->note.read_only)
                refuse_change(*field, object, value);
            else
                accepted.emplace_back(&*field, read_value(*field, value));
        } catch (Refused& why) {
            faults.push_back({name.substr(0, 100), std::move(why.message), std::move(why.kind)});
        }
    }
    if (!faults.empty()) {
        const std::string message = summary(faults);
        throw Error(Errc::invalid, message, std::move(faults));
    }
    for (auto& [field, value] : accepted) field->set(object, std::move(value));
}

Json schema_of(std::span<const Field> fields, std::string_view title) {
    Json out = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}, {"type", "object"}};
    out["properties"] = Json::object();
    out["required"] = Json::array();
    for (const Field& field : fields) {
        if (field.note.secret) continue;
        out["properties"][std::string(field.name)] = schema_of(field);
        if (!field.nullable) out["required"].push_back(field.name);
    }
    out["additionalProperties"] = false;
    return out;
}

std::string to_text(const Field& field, const Value& value, const ShowSealed& show) {
    struct Print {
        const Field& field;
        const ShowSealed& show;
        std::string operator()(std::monostate) const { return {}; }
        std::string operator()(bool v) const { return v ? "yes" : "no"; }
        std::string operator()(std::int64_t v) const { return std::to_string(v); }
        std::string operator()(double v) const { return fmt::format("{}", v); }
        std::string operator()(const std::string& v) const { return v; }
        std::string operator()(const Bytes& v) const { return to_hex(v.data); }
        std::string operator()(Time v) const { return to_iso(v); }
        std::string operator()(const JsonText& v) const { return v.text; }
        std::string operator()(const Sealed& v) const { return v.enc.empty() ? std::string{} : show(v, field.note.sealed); }
    };
    return std::visit(Print{field, show}, value);
}

}  // namespace wabot
