#pragma once

#include <charconv>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/output/exit_codes.hpp"
#include "cli/output/format.hpp"
#include "core/base/describe.hpp"

namespace wabot::cli {

class Runtime;

/// What a word on the command line names, for completion; `noun/id`, as `-o name` prints it, is taken for it too.
enum class Noun {
    none,
    device,
    agent,
    contact,
    conversation,
    message,
    stored_file,
    event,
    job,
    queue,
    ignore,
    template_,
    audit,
    setting,
    column,
    sort_field,
    explained,
    file,
    command,
    event_kind
};
std::string_view word_of(Noun noun);

/// What a command does to the store, and so whether it can be rehearsed: `runs` are programs of their own, which refuse --dry-run.
enum class Effect { reads, writes, runs };

/// One argument, option or flag: all that parser, help, man page and completion know of it.
struct Parameter {
    std::string name;        // "--kind", or "device" for an argument
    std::string short_name;  // "-o"; empty = none
    std::string value;       // what stands for its value in help, "KIND"; empty for a flag
    std::string doc;
    std::string_view group;  // the title that it stands under in help; empty = none of its own
    bool required = false;
    bool repeatable = false;
    std::string otherwise;                // the value when the option is given without "=VALUE"; empty = it must have one
    std::vector<std::string_view> words;  // the allowed values; empty = any
    Noun noun = Noun::none;
    std::function<void(std::vector<std::string>)> take;  // at least one value; CommandExit{usage} for a bad one

    bool is_flag() const { return value.empty(); }
    bool is_argument() const { return name.front() != '-'; }
};

/// Reads one value; CommandExit{usage} says what is expected instead.
template <class T>
struct FromWord;

template <>
struct FromWord<std::string> {
    static std::string read(const Parameter&, std::string word) { return word; }
};

template <class T>
requires std::is_integral_v<T>
struct FromWord<T> {
    static T read(const Parameter& of, const std::string& word) {
        T number{};
        const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (failed != std::errc() || end != word.data() + word.size())
            usage_error(of.name + " takes a whole number, not \"" + word + "\"", {}, of.name);
        return number;
    }
};

/// More than no time.
template <>
struct FromWord<std::chrono::milliseconds> {
    static std::chrono::milliseconds read(const Parameter& of, const std::string& word);
};

template <class Tag>
struct FromWord<Id<Tag>> {
    static Id<Tag> read(const Parameter& of, const std::string& word) { return {FromWord<std::int64_t>::read(of, word)}; }
};

template <Worded E>
struct FromWord<E> {
    static E read(const Parameter&, const std::string& word) { return *from_word<E>(word); }  // the parser has checked it
};

/// NAME=VALUE; the value may be empty, the name not.
template <>
struct FromWord<std::pair<std::string, std::string>> {
    static std::pair<std::string, std::string> read(const Parameter& of, const std::string& word) {
        const std::size_t sign = word.find('=');
        if (sign == 0 || sign == std::string::npos) usage_error(of.name + " takes " + of.value + ", not \"" + word + "\"", {}, of.name);
        return {word.substr(0, sign), word.substr(sign + 1)};
    }
};

namespace detail {
template <class T>
struct Held {
    using Type = T;
};
template <class T>
struct Held<std::optional<T>> {
    using Type = T;
};
template <class T>
struct Held<std::vector<T>> {
    using Type = T;
};
}  // namespace detail

/// Declares what a command takes. The options' struct it fills outlives the action that uses it.
class CommandBuilder {
public:
    /// Refinements of what was just declared.
    class Declared {
    public:
        explicit Declared(Parameter& parameter) : parameter_(parameter) {}
        Declared& required() {
            parameter_.required = true;
            return *this;
        }
        Declared& repeatable() {
            parameter_.repeatable = true;
            return *this;
        }
        /// The value may be left away, and can be given after "=" only.
        Declared& otherwise(std::string value) {
            parameter_.otherwise = std::move(value);
            return *this;
        }
        Declared& completes(Noun noun) {
            parameter_.noun = noun;
            return *this;
        }
        Declared& words(std::vector<std::string_view> words) {
            parameter_.words = std::move(words);
            return *this;
        }
        /// What stands for the value in help: "K=V".
        Declared& shown_as(std::string value) {
            parameter_.value = std::move(value);
            return *this;
        }

    private:
        Parameter& parameter_;
    };

    template <class Options>
    std::shared_ptr<Options> options() {
        return std::make_shared<Options>();
    }

    /// An argument by place. Into a vector: as many as are given.
    template <class T>
    Declared argument(std::string name, T& target, std::string doc) {
        Parameter& made = declare(std::move(name), std::move(doc));
        made.value = upper(made.name);
        return bind(made, target);
    }

    /// "--kind" or "-o,--output". Into a vector: may be repeated.
    template <class T>
    Declared option(std::string_view names, T& target, std::string doc) {
        Parameter& made = declare(names, std::move(doc));
        made.value = upper(made.name);
        return bind(made, target);
    }

    Declared flag(std::string_view names, bool& target, std::string doc) {
        Parameter& made = declare(names, std::move(doc));
        made.take = [&target](const std::vector<std::string>&) { target = true; };
        return Declared(made);
    }
    /// A flag that counts how often it was given.
    Declared count(std::string_view names, int& target, std::string doc) {
        Parameter& made = declare(names, std::move(doc));
        made.repeatable = true;
        made.take = [&target](const std::vector<std::string>& given) { target = static_cast<int>(given.size()); };
        return Declared(made);
    }

    /// What is declared from here on stands under this title in help; none for an empty one. The text is a constant.
    void group(std::string_view title) { group_ = title; }

    std::deque<Parameter>& parameters() { return parameters_; }

private:
    template <class T>
    Declared bind(Parameter& made, T& target) {
        using One = typename detail::Held<T>::Type;
        constexpr bool many = requires {
            target.push_back(One{});
        }
        &&!std::is_same_v<T, std::string>;
        made.repeatable = many;
        if constexpr (Worded<One>) made.words.assign(served_words<One>.begin(), served_words<One>.end());
        made.take = [&made, &target](std::vector<std::string> given) {
            if constexpr (many) {
                for (std::string& word : given) target.push_back(FromWord<One>::read(made, std::move(word)));
            } else {
                target = FromWord<One>::read(made, std::move(given.back()));
            }
        };
        return Declared(made);
    }

    Parameter& declare(std::string_view names, std::string doc);
    static std::string upper(std::string_view name);

    std::string_view group_;
    std::deque<Parameter> parameters_;  // a deque: what was declared stays where it is
};

struct Example {
    std::string_view line;     // "wabot device list"
    std::string_view purpose;  // "every device and its state"
};

using Action = std::function<void(Runtime&)>;

/// One command of the tables in commands.hpp.
struct Command {
    std::string_view path;     // "device create"
    std::string_view summary;  // "Add a device"
    Effect effect = Effect::reads;
    Formats formats = formats::all;       // what it can print
    std::span<const Field> columns = {};  // of what it prints as rows; none when it has several kinds of them
    Example examples[2] = {};
    Action (*build)(CommandBuilder&);

    std::string_view noun() const { return path.substr(0, path.find(' ')); }
    std::string_view verb() const { return path.size() == noun().size() ? std::string_view{} : path.substr(noun().size() + 1); }
};

}  // namespace wabot::cli
