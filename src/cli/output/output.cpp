#include "cli/output/output.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/output/display.hpp"
#include "cli/output/exit_codes.hpp"
#include "cli/output/list_writers.hpp"
#include "cli/output/table.hpp"
#include "cli/output/yaml.hpp"
#include "core/base/clock.hpp"

namespace wabot {

/// What is left of a change that leaves no object behind.
struct Outcome {
    bool changed;
    bool dry_run;
};
WABOT_DESCRIBE(Outcome, FIELD(changed), FIELD(dry_run))

}  // namespace wabot

namespace wabot::cli {

Output::Output(OutputOptions options, Sink& data, Sink& talk, Time now)
    : options_(std::move(options)),
      raw_(data),
      filter_(options_.reshaper ? std::make_unique<ReshapingSink>(options_.reshaper, data, options_.out.is_tty) : nullptr),
      data_(filter_ ? filter_.get() : &data),
      talk_(talk),
      now_(now) {}
Output::~Output() = default;

ListWriter& Output::begin_list(std::string_view noun, std::span<const Field> fields) {
    writer_ = open_list_writer({.noun = std::string(noun), .fields = fields, .options = options_, .now = now_}, *data_);
    return *writer_;
}

namespace {

/// A line of an object's view, or a small table under its name.
struct Fact {
    std::string name;
    std::string value;
    std::vector<std::string> titles = {};  // of the table's columns
    std::vector<Cells> rows = {};
};
using Facts = std::vector<Fact>;

std::string indented(const std::string& lines) {
    std::string out;
    for (std::size_t begin = 0; begin < lines.size();) {
        const std::size_t end = std::min(lines.find('\n', begin), lines.size());
        out += "  " + lines.substr(begin, end - begin) + "\n";
        begin = end + 1;
    }
    return out;
}

/// For a reader that is no person: each cell a line of its own, "RULES 2 PATTERN".
std::string delimited_fact(const Fact& fact) {
    if (fact.titles.empty()) return fmt::format("{}\t{}\n", fact.name, tsv_cell(fact.value));
    std::string out;
    for (std::size_t row = 0; row < fact.rows.size(); ++row)
        for (std::size_t column = 0; column < fact.titles.size(); ++column)
            out += fmt::format("{} {} {}\t{}\n", fact.name, row + 1, fact.titles[column], tsv_cell(fact.rows[row][column]));
    return out;
}

/// "FIELD  value" a line; on a terminal aligned and harmless, else tab-separated.
std::string render_fields(const Facts& facts, const Screen& screen) {
    std::string out;
    std::size_t widest = 0;
    for (const Fact& fact : facts) widest = std::max(widest, fact.name.size());
    for (const Fact& fact : facts) {
        if (!screen.is_tty)
            out += delimited_fact(fact);
        else if (!fact.titles.empty())
            out += bold(fact.name, screen) + "\n" + indented(render_table(fact.titles, fact.rows, screen, {.truncate = false}));
        else
            out += fmt::format("{}  {}\n", bold(fmt::format("{:<{}}", fact.name, widest), screen),
                               fact.value.empty() ? "-" : isolated(escaped_line(fact.value)));
    }
    return out;
}

/// JSON as a person reads it: texts without quotes, lists with commas, members as "name: value".
std::string plain(const Json& json) {
    if (json.is_string()) return json.get<std::string>();
    if (json.is_null()) return {};
    if (json.is_boolean()) return json.get<bool>() ? "yes" : "no";
    if (!json.is_structured()) return write_json(json);
    std::vector<std::string> items;
    for (const auto& [name, value] : json.items()) items.push_back(json.is_object() ? fmt::format("{}: {}", name, plain(value)) : plain(value));
    return fmt::format("{}", fmt::join(items, json.is_object() ? "; " : ", "));
}

/// A list of objects: a row for each, a column for each member that one of them has.
Fact table_of(std::string name, const Json& list) {
    std::vector<std::string> members;
    for (const Json& item : list)
        for (const auto& member : item.items())
            if (std::find(members.begin(), members.end(), member.key()) == members.end()) members.push_back(member.key());
    Fact fact{.name = std::move(name)};
    for (const std::string& member : members) fact.titles.push_back(heading(member));
    for (const Json& item : list) {
        Cells& cells = fact.rows.emplace_back();
        for (const std::string& member : members) cells.push_back(item.contains(member) ? plain(item[member]) : "");
    }
    return fact;
}

/// A value under its title; members of members get a line of their own: "TURN REASON".
void add_fact(Facts& facts, const std::string& title, const Json& value) {
    const bool has_objects =
        value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), [](const Json& i) { return i.is_object(); });
    if (value.is_object() && !value.empty())
        for (const auto& [name, member] : value.items()) add_fact(facts, title + " " + heading(name), member);
    else
        facts.push_back(has_objects ? table_of(title, value) : Fact{title, plain(value)});
}

}  // namespace

void Output::show_object(std::string_view noun, std::span<const Field> fields, const void* object, const Json& extra) {
    if (structured()) {
        Json whole = shown_json(fields, object, options_);
        if (extra.is_object()) whole.update(extra);
        return write_document(whole);
    }
    if (!is_table(options_.format)) {
        ListWriter& writer = begin_list(noun, fields);
        writer.row(object);
        writer.end({});
        return;
    }
    Facts facts;
    for (const Column& column : columns_of(fields, options_.columns, options_.format, true)) {
        const std::string text = cell_text(column, object, options_, now_);
        const bool is_json_text = column.field->kind == Kind::json && !text.empty();
        add_fact(facts, heading(column.name), is_json_text ? read_json(text) : Json(text));
    }
    if (options_.columns.empty() && extra.is_object())
        for (const auto& [name, value] : extra.items()) add_fact(facts, heading(name), value);
    data_->write(render_fields(facts, options_.out));
}

void Output::finish_change(bool changed, std::string_view noun, std::span<const Field> fields, const void* object, const std::string& phrase) {
    changed_ = changed_ || changed;
    if (options_.format_given) {
        const Outcome outcome{changed, options_.dry_run};
        if (object != nullptr)
            show_object(noun, fields, object, to_json(outcome));
        else if (options_.format != OutputFormat::name)
            this->object({}, outcome);
    }
    say_line(options_.dry_run && changed ? phrase + " (dry run, nothing changed)" : phrase);
}

std::string Output::json_line(const Json& json) const {
    const std::string text = write_json(json);
    return (options_.out.is_tty ? escaped_json(text) : text) + "\n";
}

void Output::write_document(const Json& json) {
    data_->write(options_.format == OutputFormat::yaml ? to_yaml(json) : json_line(json));
}

void Output::document(const Json& json, std::string_view text) {
    structured() ? write_document(json) : this->text(text);
}

void Output::text(std::string_view text) {
    if (is_table(options_.format)) data_->write(text);
}

void Output::line(const Json& json, std::string_view text) {
    if (is_json(options_.format))
        data_->write(json_line(json));
    else if (options_.format != OutputFormat::none)
        data_->write(fmt::format("{}{}", text, line_end(options_)));
    data_->flush();
}

void Output::bytes(std::string_view bytes) {
    raw_.write(bytes);
}

void Output::say_line(const std::string& text) {
    if (options_.quiet) return;
    // What is on its way to stdout comes first, so that both read in order on one terminal.
    data_->flush();
    talk_.write(escaped_line(text) + "\n");
    talk_.flush();
}

void Output::say_marked(Mark mark, std::string_view text) {
    if (options_.quiet) return;
    data_->flush();
    talk_.write(fmt::format("  {} {}\n", mark_text(mark, options_.err), escaped_line(text)));
    talk_.flush();
}

std::string Output::captured(const std::function<void()>& show, Time now) {
    StringSink text;
    Sink* const before = std::exchange(data_, &text);
    const struct Restore {
        Sink*& data;
        Sink* before;
        ~Restore() { data = before; }
    } restore{data_, before};
    now_ = now;
    show();
    return std::move(text.text);
}

void Output::redraw(std::string_view text) {
    if (options_.out.moves_cursor) raw_.write("\x1b[H\x1b[J");
    data_->write(text);
    data_->flush();
}

void Output::flush() {
    data_->flush();
    talk_.flush();
}

std::string relative_time(Time time, Time now) {
    using namespace std::chrono;
    struct Unit {
        std::string_view name;
        seconds length;
    };
    static constexpr Unit units[] = {{"year", days(365)}, {"month", days(30)},    {"day", days(1)},
                                     {"hour", hours(1)},  {"minute", minutes(1)}, {"second", seconds(1)}};
    const auto apart = duration_cast<seconds>(time > now ? time - now : now - time);
    for (const auto& [name, length] : units) {
        const auto count = apart / length;
        if (count == 0) continue;
        const std::string span = fmt::format("{} {}{}", count, name, count == 1 ? "" : "s");
        return time > now ? "in " + span : span + " ago";
    }
    return "just now";
}

}  // namespace wabot::cli
