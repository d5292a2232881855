#include "core/database/filter.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/base/time_input.hpp"

namespace wabot {

namespace {

constexpr std::size_t text_max = 8192, comparisons_max = 100, depth_max = 32;

std::string ascii_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

struct Token {
    enum Kind { word, quoted, sign, end } kind = end;
    std::string text;
    std::size_t column = 1;  // in bytes, from 1

    bool is(std::string_view keyword) const { return kind == word && ascii_lower(text) == keyword; }
    bool is_sign(std::string_view wanted) const { return kind == sign && text == wanted; }
};

[[noreturn]] void refuse(std::size_t column, const std::string& what, std::string hint = {}) {
    throw Error(Errc::bad_request, fmt::format("column {}: {}", column, what), std::move(hint));
}

std::vector<Token> tokens_of(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n", marks = "=!<>~(),\"'";
    std::vector<Token> tokens;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        Token token{.column = at + 1};
        if (blanks.find(c) != std::string_view::npos) {
            ++at;
            continue;
        }
        if (c == '"' || c == '\'') {
            token.kind = Token::quoted;
            for (++at; at < text.size() && text[at] != c; ++at) {
                if (text[at] == '\\' && at + 1 < text.size()) ++at;
                token.text += text[at];
            }
            if (at == text.size()) refuse(token.column, "a quote is not closed");
            ++at;
        } else if (marks.find(c) != std::string_view::npos) {
            const bool two = at + 1 < text.size() && text[at + 1] == '=' && (c == '!' || c == '<' || c == '>');
            token.kind = Token::sign;
            token.text = text.substr(at, two ? 2 : 1);
            at += token.text.size();
        } else {
            const std::size_t end = std::min(text.find_first_of(std::string(blanks) + std::string(marks), at), text.size());
            token.kind = Token::word;
            token.text = text.substr(at, end - at);
            at = end;
        }
        tokens.push_back(std::move(token));
    }
    tokens.push_back({.column = text.size() + 1});
    return tokens;
}

class Reader {
public:
    Reader(std::string_view text, const FilterReading& reading) : reading_(reading), tokens_(tokens_of(text)) {}

    Condition run() {
        expression(false, 0);
        if (next().kind != Token::end)
            refuse(next().column, fmt::format("\"{}\" is not expected here", next().text), "comparisons are joined by and, or");
        return std::move(made_);
    }

private:
    const Token& next() const { return tokens_[at_]; }
    Token take() { return tokens_[std::min(at_++, tokens_.size() - 1)]; }

    void expression(bool negated, std::size_t depth) {
        if (depth > depth_max) refuse(next().column, fmt::format("deeper than {} levels", depth_max));
        made_.sql += "(";
        term(negated, depth);
        while (next().is("or")) {
            take();
            made_.sql += " OR ";
            term(negated, depth);
        }
        made_.sql += ")";
    }

    void term(bool negated, std::size_t depth) {
        factor(negated, depth);
        while (next().is("and")) {
            take();
            made_.sql += " AND ";
            factor(negated, depth);
        }
    }

    void factor(bool negated, std::size_t depth) {
        if (next().is("not")) {
            take();
            made_.sql += "NOT ";
            return factor_of_not(depth);
        }
        if (!next().is_sign("(")) return comparison(negated);
        take();
        expression(negated, depth + 1);
        if (!next().is_sign(")")) refuse(next().column, "a parenthesis is not closed");
        take();
    }

    void factor_of_not(std::size_t depth) {
        if (depth > depth_max) refuse(next().column, fmt::format("deeper than {} levels", depth_max));
        factor(true, depth + 1);
    }

    /// What is not known must be false and not unknown where its opposite is asked for.
    void comparison(bool negated) {
        if (++comparisons_ > comparisons_max) refuse(next().column, fmt::format("more than {} comparisons", comparisons_max));
        const Field& field = field_of(take());
        made_.sql += negated ? "COALESCE(" : "";
        compare(field, take());
        made_.sql += negated ? ", FALSE)" : "";
    }

    const Field& field_of(const Token& token) const {
        const auto names = filter_fields(reading_.fields);
        const std::string hint = fmt::format("fields: {}", fmt::join(names, ", "));
        if (token.kind == Token::end) refuse(token.column, "a comparison is missing", hint);
        const auto found = std::find_if(reading_.fields.begin(), reading_.fields.end(),
                                        [&](const Field& field) { return field.name == token.text && !field.note.secret; });
        if (token.kind == Token::word && found != reading_.fields.end()) return *found;
        const std::string suggestion = did_you_mean(token.text, names);
        refuse(token.column, fmt::format("no field \"{}\"{}{}", token.text, suggestion.empty() ? "" : "; ", suggestion), hint);
    }

    void compare(const Field& field, const Token& sign) {
        constexpr std::string_view signs[] = {"=", "!=", "<", "<=", ">", ">=", "~"};
        if (sign.is("is")) return is(field);
        const bool known = sign.is("in") || (sign.kind == Token::sign && std::find(std::begin(signs), std::end(signs), sign.text) != std::end(signs));
        if (!known) refuse(sign.column, fmt::format("after {} comes one of = != < <= > >= ~ in is", field.name));
        if (field.kind == Kind::json || field.kind == Kind::bytes)
            refuse(sign.column, fmt::format("{} is a document, which only \"is null\" can ask for", field.name));
        const bool equality = sign.is("in") || sign.text == "=" || sign.text == "!=";
        if (field.kind == Kind::sealed && !equality)
            refuse(sign.column, fmt::format("{} is sealed: what it holds can only be asked for as a whole", field.name), "= != in is");
        if (sign.is("in")) return in(field);
        const Token value = take();
        if (sign.text == "~") return contains(field, sign, value);
        // A row without a value is another one than any that is named.
        if (sign.text == "!=")
            bind(fmt::format("{} IS DISTINCT FROM ?", column_of(field)), value_of(field, value));
        else if (equality)
            bind(fmt::format("{} = ?", column_of(field)), value_of(field, value));
        else
            bind(fmt::format("{}{} {} ?", field.name, field.kind == Kind::text ? " {|COLLATE \"C\"}" : "", sign.text), value_of(field, value));
    }

    void contains(const Field& field, const Token& sign, const Token& value) {
        if (field.kind != Kind::text) refuse(sign.column, fmt::format("{} is no text to look into", field.name));
        bind(fmt::format("{{instr|strpos}}(lower({} {{|COLLATE \"C\"}}), ?) > 0", field.name), ascii_lower(text_of(value)));
    }

    void in(const Field& field) {
        if (!next().is_sign("(")) refuse(next().column, "after in comes a list: (a, b)");
        made_.sql += fmt::format("{} IN", column_of(field));
        do {
            made_.sql += take().is_sign("(") ? " (" : ", ";
            if (++comparisons_ > comparisons_max) refuse(next().column, fmt::format("more than {} comparisons", comparisons_max));
            bind("?", value_of(field, take()));
        } while (next().is_sign(","));
        if (!next().is_sign(")")) refuse(next().column, "a list is not closed");
        take();
        made_.sql += ")";
    }

    void is(const Field& field) {
        const bool negated = next().is("not");
        if (negated) take();
        const Token what = take();
        if (what.is("null")) {
            made_.sql += fmt::format("{} IS {}NULL", field.kind == Kind::sealed ? std::string(field.name) + "_enc" : std::string(field.name),
                                     negated ? "NOT " : "");
            return;
        }
        if (!(what.is("true") || what.is("false"))) refuse(what.column, "after is comes null, true or false, or not and one of them");
        if (field.kind != Kind::boolean) refuse(what.column, fmt::format("{} is neither true nor false", field.name));
        made_.sql += fmt::format("{} IS {}{}", field.name, negated ? "NOT " : "", what.is("true") ? "TRUE" : "FALSE");
    }

    static std::string column_of(const Field& field) { return std::string(field.name) + (field.kind == Kind::sealed ? "_hash" : ""); }

    void bind(const std::string& sql, Value value) {
        made_.sql += sql;
        made_.values.push_back(std::move(value));
    }

    static const std::string& text_of(const Token& token) {
        if (token.kind != Token::word && token.kind != Token::quoted) refuse(token.column, "a value is missing");
        return token.text;
    }

    Value value_of(const Field& field, const Token& token) const {
        const std::string& text = text_of(token);
        switch (field.kind) {
            case Kind::boolean:
                if (token.is("true") || token.is("yes")) return true;
                if (token.is("false") || token.is("no")) return false;
                refuse(token.column, fmt::format("{} is compared with yes or no", field.name));
            case Kind::integer: return number<std::int64_t>(field, token, "a whole number");
            case Kind::number: return number<double>(field, token, "a number");
            case Kind::time: {
                const auto time = read_time_input(text, reading_.now);
                if (!time) refuse(token.column, fmt::format("{} is compared with a time: {}", field.name, time_input_forms));
                return *time;
            }
            case Kind::sealed: return reading_.hash(field, text);
            default: break;
        }
        if (!field.words.empty() && std::find(field.words.begin(), field.words.end(), text) == field.words.end())
            refuse(token.column, fmt::format("{} is never \"{}\"", field.name, text), fmt::format("one of {}", fmt::join(field.words, ", ")));
        return text;
    }

    template <class N>
    static N number(const Field& field, const Token& token, std::string_view what) {
        N out{};
        const char* const last = token.text.data() + token.text.size();
        const auto [end, failed] = std::from_chars(token.text.data(), last, out);
        if (failed != std::errc() || end != last) refuse(token.column, fmt::format("{} is compared with {}", field.name, what));
        return out;
    }

    const FilterReading& reading_;
    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    std::size_t comparisons_ = 0;
    Condition made_;
};

}  // namespace

Condition read_filter(std::string_view text, const FilterReading& reading) {
    if (text.size() > text_max) refuse(text_max, fmt::format("longer than {} bytes", text_max));
    if (!valid_utf8(text) || text.find('\0') != std::string_view::npos) refuse(1, "not UTF-8 text");
    return Reader(text, reading).run();
}

std::vector<std::string_view> filter_fields(std::span<const Field> fields) {
    std::vector<std::string_view> names;
    for (const Field& field : fields)
        if (!field.note.secret) names.push_back(field.name);
    return names;
}

}  // namespace wabot
