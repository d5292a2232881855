#pragma once

#include <boost/pfr/tuple_size.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/base/value.hpp"

namespace wabot {

/// What is known of a field beyond its type.
struct Note {
    std::size_t max = 0;           // longest text, in characters (code points); 0 = no limit of its own
    bool key = false;              // names the row on the command line
    bool secret = false;           // never leaves the process
    bool read_only = false;        // set by us; sent back unchanged it is ignored, changed it is refused
    bool wide = false;             // shown in a table only when asked for
    bool seconds = false;          // an integer that is a span of time: a table shows it with its unit, and none as without end
    std::string_view sealed = {};  // associated data of a sealed field: "table.column"
    std::string_view doc = {};
};

/// One member of a described struct, with type-erased access.
struct Field {
    std::string_view name;
    Kind kind;
    bool nullable;
    std::span<const std::string_view> words;  // the allowed texts of an enumeration; empty = any
    Note note;
    Value (*get)(const void* object);
    void (*set)(void* object, Value&& value);
    std::int64_t least;  // what an integer member can hold; never met by other kinds
    std::int64_t most;
};

namespace detail {

template <class M>
struct Range {
    static constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    static constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
};
template <class M>
requires(std::is_integral_v<M> && !std::is_same_v<M, bool>) struct Range<M> {
    static constexpr std::int64_t least = std::numeric_limits<M>::min();
    static constexpr std::int64_t most = std::in_range<std::int64_t>(std::numeric_limits<M>::max())
                                             ? static_cast<std::int64_t>(std::numeric_limits<M>::max())
                                             : std::numeric_limits<std::int64_t>::max();
};
template <class M>
struct Range<std::optional<M>> : Range<M> {};

template <class P>
struct MemberOf;
template <class S, class M>
struct MemberOf<M S::*> {
    using Struct = S;
    using Member = M;
};
}  // namespace detail

template <auto P>
constexpr Field field(std::string_view name, Note note = {}) {
    using S = typename detail::MemberOf<decltype(P)>::Struct;
    using M = typename detail::MemberOf<decltype(P)>::Member;
    return {name,
            Codec<M>::kind,
            Codec<M>::nullable,
            Codec<M>::words,
            note,
            [](const void* object) { return Codec<M>::put(static_cast<const S*>(object)->*P); },
            [](void* object, Value&& value) { Codec<M>::take(static_cast<S*>(object)->*P, std::move(value)); },
            detail::Range<M>::least,
            detail::Range<M>::most};
}

/// The description of `T`: its row, JSON, JSON Schema, table columns and validation follow from it. WABOT_DESCRIBE fills it in.
template <class T>
inline constexpr std::nullptr_t fields_of = nullptr;

template <class T>
concept Described = !std::is_same_v<std::remove_cv_t<decltype(fields_of<T>)>, std::nullptr_t>;

#define FIELD(member, ...) ::wabot::field<&Self::member>(#member __VA_OPT__(, ::wabot::Note{__VA_ARGS__}))

/// Describes the aggregate `T` (in namespace wabot): one FIELD(member, notes...) for each member, in order; a forgotten member fails the build.
#define WABOT_DESCRIBE(T, ...)                                                       \
    namespace T##_fields {                                                           \
        using Self = T;                                                              \
        inline constexpr ::wabot::Field all[] = {__VA_ARGS__};                       \
    }                                                                                \
    template <>                                                                      \
    inline constexpr std::span<const ::wabot::Field> fields_of<T> = T##_fields::all; \
    static_assert(std::size(T##_fields::all) == boost::pfr::tuple_size_v<T>, #T ": a member is not described");

}  // namespace wabot
