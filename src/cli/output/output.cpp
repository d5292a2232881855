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
#include "core/base/duration.hpp"

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

/// "FIELD  value" a line; on a terminal aligned and harmless, else tab-separated.
std::string render_fields(const std::vector<std::pair<std::string, std::string>>& facts, const Screen& screen) {
    std::string out;
    std::size_t widest = 0;
    for (const auto& [name, value] : facts) widest = std::max(widest, name.size());
    for (const auto& [name, value] : facts) {
        if (!screen.is_tty)
            out += fmt::format("{}\t{}\n", name, tsv_cell(value));
        else
            out += fmt::format("{}  {}\n", bold(fmt::format("{:<{}}", name, widest), screen), value.empty() ? "-" : isolated(escaped_line(value)));
    }
    return out;
}

using Facts = std::vector<std::pair<std::string, std::string>>;

/// JSON as a person reads it: texts without quotes, lists with commas, what is deeper as JSON.
std::string plain(const Json& json) {
    if (json.is_string()) return json.get<std::string>();
    if (json.is_null()) return {};
    if (json.is_boolean()) return json.get<bool>() ? "yes" : "no";
    const bool list = json.is_array() && std::none_of(json.begin(), json.end(), [](const Json& item) { return item.is_structured(); });
    if (!list) return write_json(json);
    std::vector<std::string> items;
    for (const Json& item : json) items.push_back(plain(item));
    return fmt::format("{}", fmt::join(items, ", "));
}

/// Members of members get a line of their own: "TURN REASON".
void add_facts(Facts& facts, const std::string& prefix, const Json& members) {
    for (const auto& [name, value] : members.items()) {
        const std::string title = prefix.empty() ? heading(name) : prefix + " " + heading(name);
        if (value.is_object())
            add_facts(facts, title, value);
        else
            facts.emplace_back(title, plain(value));
    }
}

}  // namespace

void Output::show_object(std::string_view noun, std::span<const Field> fields, const void* object, const Json& extra) {
    if (structured()) {
        Json whole = to_json(fields, object, options_.show);
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
    for (const Field* field : columns_of(fields, options_.columns, true))
        facts.emplace_back(heading(field->name), cell_text(*field, object, options_, now_));
    if (options_.columns.empty() && extra.is_object()) add_facts(facts, {}, extra);
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

std::string span_text(const Value& value) {
    const auto* seconds = std::get_if<std::int64_t>(&value);
    return seconds == nullptr ? "for ever" : show_duration(std::chrono::seconds(*seconds));
}

std::string cell_text(const Field& field, const void* object, const OutputOptions& options, Time now) {
    const Value value = field.get(object);
    if (field.note.seconds && is_table(options.format)) return span_text(value);
    const Time* time = std::get_if<Time>(&value);
    if (time == nullptr) return to_text(field, value, options.show);
    const bool is_read_now = is_table(options.format) && options.out.is_tty;
    switch (options.time.value_or(is_read_now ? TimeStyle::relative : TimeStyle::iso)) {
        case TimeStyle::relative: return relative_time(*time, now);
        case TimeStyle::unix: return fmt::format("{}", std::chrono::duration<double>(time->time_since_epoch()).count());
        case TimeStyle::iso: break;
    }
    return options.zone && (options.zone_given || is_read_now) ? options.zone->iso(*time) : to_iso(*time);
}

}  // namespace wabot::cli
