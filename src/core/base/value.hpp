#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace wabot {

/// UTC, microseconds: every time in the database, in JSON and in the code.
using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

/// Bytes that are no text: ciphertext, digests.
struct Bytes {
    std::string data;
    bool empty() const { return data.empty(); }
    auto operator<=>(const Bytes&) const = default;
};

/// A JSON document as it is stored; parsed where someone looks inside.
struct JsonText {
    std::string text = "{}";
    bool operator==(const JsonText&) const = default;
};

/// A value that holds a phone number or an address: ciphertext, keyed hash for look-up and uniqueness, last four digits for display.
/// Made and opened by `Vault` (core/crypto/vault.hpp). A column `x` of this kind is three: `x_enc`, `x_hash`, `x_last4`.
struct Sealed {
    Bytes enc;
    Bytes hash;
    std::string last4;
    bool operator==(const Sealed&) const = default;
};

/// The 64-bit id of a row of `Tag`'s table; 0 is no row.
template <class Tag>
struct Id {
    std::int64_t value = 0;
    explicit operator bool() const { return value != 0; }
    auto operator<=>(const Id&) const = default;
};

/// What the database port, JSON and tables move.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, Bytes, Time, JsonText, Sealed>;

enum class Kind { boolean, integer, number, text, bytes, time, json, sealed };

/// The words of an enumeration, in the order of its values. WABOT_ENUM makes both.
template <class E>
inline constexpr std::nullptr_t words_of = nullptr;

template <class E>
concept Worded = std::is_enum_v<E> && !std::is_same_v<std::remove_cv_t<decltype(words_of<E>)>, std::nullptr_t>;

/// `enum class Name { words... }` whose words are also its text in the database, in JSON and on the terminal. Up to 16 words.
/// At namespace scope of `wabot`. The enumerators are the words: `Direction::incoming` is "incoming".
#define WABOT_ENUM(Name, ...)                                                                                               \
    enum class Name { __VA_ARGS__ };                                                                                        \
    namespace Name##_words {                                                                                                \
        inline constexpr auto all = ::wabot::detail::split_words<::wabot::detail::count_words(#__VA_ARGS__)>(#__VA_ARGS__); \
    }                                                                                                                       \
    template <>                                                                                                             \
    inline constexpr std::span<const std::string_view> words_of<Name> = Name##_words::all;

namespace detail {

consteval std::size_t count_words(std::string_view list) {
    std::size_t commas = 0;
    for (const char c : list) commas += c == ',' ? 1 : 0;
    return commas + 1;
}

template <std::size_t N>
struct WordList {
    std::string_view items[N];
    constexpr operator std::span<const std::string_view>() const { return items; }
};

template <std::size_t N>
consteval WordList<N> split_words(std::string_view list) {
    WordList<N> out{};
    for (std::size_t i = 0; i < N; ++i) {
        const std::size_t comma = list.find(',');
        std::string_view word = list.substr(0, comma);
        while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
        while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
        out.items[i] = word;
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    }
    return out;
}

}  // namespace detail

/// Those of them that this version serves: what help, completion, filters and `explain` offer. All, unless the enumeration says otherwise.
template <class E>
inline constexpr std::span<const std::string_view> served_words = words_of<E>;

template <Worded E>
constexpr std::string_view to_word(E e) {
    return words_of<E>[static_cast<std::size_t>(e)];
}

template <Worded E>
constexpr std::optional<E> from_word(std::string_view word) {
    for (std::size_t i = 0; i < words_of<E>.size(); ++i)
        if (words_of<E>[i] == word) return static_cast<E>(i);
    return std::nullopt;
}

/// Thrown as Error{bug}: a stored value is not of the kind its description says.
[[noreturn]] void throw_wrong_kind(std::string_view expected);
[[noreturn]] void throw_unknown_word(std::string_view word);

/// How a C++ type becomes a Value and back: one specialisation beside each value type, generic for optional, ids and enumerations.
template <class M>
struct Codec;

namespace detail {
template <class M, Kind K>
struct PlainCodec {
    static constexpr Kind kind = K;
    static constexpr bool nullable = false;
    static constexpr std::span<const std::string_view> words{};
    static Value put(const M& m) { return Value(m); }
    static void take(M& m, Value&& v) {
        if (auto* held = std::get_if<M>(&v))
            m = std::move(*held);
        else
            throw_wrong_kind("value");
    }
};
}  // namespace detail

template <>
struct Codec<std::string> : detail::PlainCodec<std::string, Kind::text> {};
template <>
struct Codec<Bytes> : detail::PlainCodec<Bytes, Kind::bytes> {};
template <>
struct Codec<JsonText> : detail::PlainCodec<JsonText, Kind::json> {
    static void take(JsonText& m, Value&& v) {
        if (auto* text = std::get_if<std::string>(&v))
            m.text = std::move(*text);
        else
            PlainCodec::take(m, std::move(v));
    }
};
template <>
struct Codec<Sealed> : detail::PlainCodec<Sealed, Kind::sealed> {};
template <>
struct Codec<double> : detail::PlainCodec<double, Kind::number> {
    static void take(double& m, Value&& v) {
        if (const auto* whole = std::get_if<std::int64_t>(&v))
            m = static_cast<double>(*whole);
        else
            PlainCodec::take(m, std::move(v));
    }
};
template <>
struct Codec<bool> : detail::PlainCodec<bool, Kind::boolean> {
    static void take(bool& m, Value&& v) {
        if (const auto* whole = std::get_if<std::int64_t>(&v))
            m = *whole != 0;
        else
            PlainCodec::take(m, std::move(v));
    }
};
template <>
struct Codec<Time> : detail::PlainCodec<Time, Kind::time> {
    static void take(Time& m, Value&& v) {
        if (const auto* us = std::get_if<std::int64_t>(&v))
            m = Time(std::chrono::microseconds(*us));
        else
            PlainCodec::take(m, std::move(v));
    }
};

template <class M>
requires std::is_integral_v<M>
struct Codec<M> {
    static constexpr Kind kind = Kind::integer;
    static constexpr bool nullable = false;
    static constexpr std::span<const std::string_view> words{};
    static Value put(const M& m) { return static_cast<std::int64_t>(m); }
    static void take(M& m, Value&& v) {
        if (const auto* held = std::get_if<std::int64_t>(&v))
            m = static_cast<M>(*held);
        else
            throw_wrong_kind("integer");
    }
};

template <class Tag>
struct Codec<Id<Tag>> {
    static constexpr Kind kind = Kind::integer;
    static constexpr bool nullable = false;
    static constexpr std::span<const std::string_view> words{};
    static Value put(const Id<Tag>& m) { return m.value; }
    static void take(Id<Tag>& m, Value&& v) { Codec<std::int64_t>::take(m.value, std::move(v)); }
};

template <Worded E>
struct Codec<E> {
    static constexpr Kind kind = Kind::text;
    static constexpr bool nullable = false;
    static constexpr std::span<const std::string_view> words = served_words<E>;
    static Value put(const E& m) { return std::string(to_word(m)); }
    static void take(E& m, Value&& v) {
        const auto* word = std::get_if<std::string>(&v);
        if (word == nullptr) throw_wrong_kind("word");
        const auto found = from_word<E>(*word);
        if (!found) throw_unknown_word(*word);
        m = *found;
    }
};

template <class M>
struct Codec<std::optional<M>> {
    static constexpr Kind kind = Codec<M>::kind;
    static constexpr bool nullable = true;
    static constexpr std::span<const std::string_view> words = Codec<M>::words;
    static Value put(const std::optional<M>& m) { return m ? Codec<M>::put(*m) : Value{}; }
    static void take(std::optional<M>& m, Value&& v) {
        if (std::holds_alternative<std::monostate>(v)) {
            m.reset();
            return;
        }
        Codec<M>::take(m.emplace(), std::move(v));
    }
};

/// Any bindable thing as a Value: what `Transaction::query` does to its arguments.
template <class M>
Value to_value(const M& m) {
    if constexpr (std::is_same_v<M, Value>)
        return m;
    else if constexpr (std::is_convertible_v<M, std::string_view>)
        return std::string(std::string_view(m));
    else
        return Codec<M>::put(m);
}

}  // namespace wabot
