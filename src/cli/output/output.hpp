#pragma once

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output/columns.hpp"
#include "cli/output/format.hpp"
#include "cli/output/reshaper.hpp"
#include "cli/output/screen.hpp"
#include "cli/output/sink.hpp"
#include "cli/output/zone.hpp"
#include "core/base/describe.hpp"
#include "core/base/json.hpp"

namespace wabot::cli {

struct OutputOptions {
    OutputFormat format = OutputFormat::table;
    bool format_given = false;         // asked for, so that a command that changes something prints the object as well
    Formats formats = formats::all;    // what the command can print
    std::vector<std::string> columns;  // empty = every column that is not wide
    bool header = true;
    bool truncate = true;
    bool csv_raw = false;
    std::optional<TimeStyle> time;       // none = relative in a table on a terminal, ISO elsewhere
    std::optional<Zone> zone;            // of times that people read; none = UTC
    bool zone_given = false;             // asked for: not in a table alone
    std::shared_ptr<Reshaper> reshaper;  // what becomes of the JSON
    bool quiet = false;
    bool dry_run = false;
    bool exit_code = false;  // something changed: exit 10
    Screen out, err;
    ShowSealed show = masked;
    NameOf name_of;  // none: objects are shown by their id
};

/// The rows of a list on their way out. Ends with `end`; a table on a terminal is printed a screenful of rows at a time.
class ListWriter {
public:
    virtual ~ListWriter() = default;
    virtual void row(const void* object) = 0;
    virtual void end(const std::optional<std::string>& next_cursor) = 0;

    template <Described T>
    void add(const T& object) {
        row(&object);
    }
};

/// stdout is data, stderr is talk. Nothing reaches stdout before the command has something to show, so that a failure leaves it empty.
class Output {
public:
    Output(OutputOptions options, Sink& data, Sink& talk, Time now);
    ~Output();

    const OutputOptions& options() const { return options_; }
    Time now() const { return now_; }
    /// Whether what is printed has members with names: members that no table shows are worth adding.
    bool structured() const { return is_structured(options_.format); }

    /// Begins a list of `T`s; one at a time.
    template <Described T>
    ListWriter& list(std::string_view noun) {
        return begin_list(noun, fields_of<T>);
    }
    /// A whole list.
    template <Described T>
    void list(std::string_view noun, const std::vector<T>& rows, const std::optional<std::string>& next_cursor = {}) {
        ListWriter& writer = begin_list(noun, fields_of<T>);
        for (const T& row : rows) writer.add(row);
        writer.end(next_cursor);
    }
    /// One object: bare in JSON, a line per field in a table, wide fields included, a row elsewhere. `extra` is an object (or null) of further
    /// members, which rows leave out.
    template <Described T>
    void object(std::string_view noun, const T& object, const Json& extra = {}) {
        show_object(noun, fields_of<T>, &object, extra);
    }

    /// A change was made (or found made already): one past-tense line on stderr, the object on stdout if a format was asked for, in JSON with
    /// `changed` and `dry_run`.
    template <Described T, class... A>
    void done(bool changed, std::string_view noun, const T& object, fmt::format_string<A...> phrase, A&&... arguments) {
        finish_change(changed, noun, fields_of<T>, &object, fmt::format(phrase, std::forward<A>(arguments)...));
    }
    /// The same for what leaves no object behind.
    template <class... A>
    void did(bool changed, fmt::format_string<A...> phrase, A&&... arguments) {
        finish_change(changed, {}, {}, nullptr, fmt::format(phrase, std::forward<A>(arguments)...));
    }

    /// Data that is no described struct (of `formats::document`): `json` in a structured form, else `text` as it is (escape what came from outside).
    void document(const Json& json, std::string_view text);
    /// One object that people rather read as `text`, so that is what a table is.
    template <Described T>
    void object_or_text(std::string_view noun, const T& object, std::string_view text) {
        is_table(options_.format) && options_.columns.empty() ? this->text(text) : this->object(noun, object);
    }
    /// For people only: nothing but a table has it.
    void text(std::string_view text);
    /// One line of data at once, as streams need it: `json` in the JSON forms, else `text`.
    void line(const Json& json, std::string_view text);

    /// Data as it is, whatever the format and the terminal.
    void bytes(std::string_view bytes);

    /// Talk: one line on stderr, not under --quiet.
    template <class... A>
    void say(fmt::format_string<A...> phrase, A&&... arguments) {
        say_line(fmt::format(phrase, std::forward<A>(arguments)...));
    }

    /// The same with "✓", "!" or "✗" before it, indented.
    void say_marked(Mark mark, std::string_view text);

    /// What the installation's settings say, where neither flag nor environment does. Before anything is shown.
    void adopt_format(OutputFormat format) {
        if (options_.formats.has(format)) options_.format = format;
    }
    void adopt_color(bool color) { options_.out.color = options_.err.color = color; }

    /// How sealed values are shown from now on; masked without this.
    void show_sealed_with(ShowSealed show) { options_.show = std::move(show); }
    /// How the names of objects that a row refers to are found from now on.
    void show_names_with(NameOf name_of) { options_.name_of = std::move(name_of); }

    /// A change was told in other words than those of `done`.
    void note_change(bool changed) { changed_ = changed_ || changed; }
    bool changed() const { return changed_; }
    /// What `show` prints, as of `now`, instead of printing it.
    std::string captured(const std::function<void()>& show, Time now);
    /// Prints a text in the place of the one before, or below it where the cursor cannot be moved.
    void redraw(std::string_view text);

    /// Everything written so far reaches its reader; throws when it cannot.
    void flush();

private:
    ListWriter& begin_list(std::string_view noun, std::span<const Field> fields);
    void show_object(std::string_view noun, std::span<const Field> fields, const void* object, const Json& extra);
    void finish_change(bool changed, std::string_view noun, std::span<const Field> fields, const void* object, const std::string& phrase);
    void say_line(const std::string& text);
    void write_document(const Json& json);
    std::string json_line(const Json& json) const;

    OutputOptions options_;
    Sink& raw_;  // what is data but no JSON goes past the filter
    std::unique_ptr<Sink> filter_;
    Sink* data_;
    Sink& talk_;
    Time now_;
    bool changed_ = false;
    std::unique_ptr<ListWriter> writer_;
};

/// "3 minutes ago", "in 2 hours", "just now".
std::string relative_time(Time time, Time now);

}  // namespace wabot::cli
