#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/base/describe.hpp"
#include "core/base/duration.hpp"
#include "core/config/setting.hpp"
#include "core/crypto/secret.hpp"

/// How the rows of the sections read and show their members.
namespace wabot {

inline constexpr std::int64_t day_ms = 24LL * 60 * 60 * 1000;

/// What is wrong with the text of a number; "" when `number` was set.
std::string read_setting_number(std::string_view text, const SettingNote& note, std::int64_t& number);
/// "must be one of a, b; did you mean ..."
std::string must_be_one_of(std::span<const std::string_view> words, std::string_view text);
/// The same of a duration.
std::string read_setting_duration(std::string_view text, const SettingNote& note, std::chrono::milliseconds& duration);

/// How a member's type is read from text and shown: `read` gives what is wrong, or "".
template <class M>
struct SettingCodec;

template <class M>
requires std::is_integral_v<M>
struct SettingCodec<M> {
    static constexpr SettingKind kind = SettingKind::integer;
    static std::string read(M& member, const SettingNote& note, std::string_view text) {
        std::int64_t number = 0;
        std::string problem = read_setting_number(text, note, number);
        if (problem.empty()) member = static_cast<M>(number);
        return problem;
    }
    static std::string show(const M& member) { return std::to_string(member); }
};

template <>
struct SettingCodec<bool> {
    static constexpr SettingKind kind = SettingKind::boolean;
    static std::string read(bool& member, const SettingNote&, std::string_view text) {
        if (text != "true" && text != "false") return "must be true or false";
        member = text == "true";
        return {};
    }
    static std::string show(const bool& member) { return member ? "true" : "false"; }
};

template <>
struct SettingCodec<std::string> {
    static constexpr SettingKind kind = SettingKind::text;
    static std::string read(std::string& member, const SettingNote& note, std::string_view text) {
        const bool known = note.words.empty() || text.empty() || std::find(note.words.begin(), note.words.end(), text) != note.words.end();
        if (!known) return must_be_one_of(note.words, text);
        member = text;
        return {};
    }
    static std::string show(const std::string& member) { return member; }
};

template <>
struct SettingCodec<std::filesystem::path> {
    static constexpr SettingKind kind = SettingKind::path;
    static std::string read(std::filesystem::path& member, const SettingNote&, std::string_view text) {
        member = text;
        return {};
    }
    static std::string show(const std::filesystem::path& member) { return member.string(); }
};

template <Worded E>
struct SettingCodec<E> {
    static constexpr SettingKind kind = SettingKind::word;
    static std::string read(E& member, const SettingNote&, std::string_view text) {
        const auto found = from_word<E>(text);
        if (!found) return must_be_one_of(words_of<E>, text);
        member = *found;
        return {};
    }
    static std::string show(const E& member) { return std::string(to_word<E>(member)); }
};

template <>
struct SettingCodec<std::chrono::milliseconds> {
    static constexpr SettingKind kind = SettingKind::duration;
    static std::string read(std::chrono::milliseconds& member, const SettingNote& note, std::string_view text) {
        return read_setting_duration(text, note, member);
    }
    static std::string show(const std::chrono::milliseconds& member) { return show_duration(member); }
};

template <>
struct SettingCodec<Secret> {
    static constexpr SettingKind kind = SettingKind::secret;
    static std::string read(Secret& member, const SettingNote&, std::string_view text) {
        if (const auto fault = fault_of_secret(text); !fault.empty()) return std::string(fault);
        member = Secret(std::string(text));
        return {};
    }
    static std::string show(const Secret& member) { return member.fingerprint(); }
};

/// The row of `Member` of the section that `Section` is in Settings.
template <auto Section, auto Member>
constexpr Setting setting(std::string_view name, SettingNote note) {
    using M = typename detail::MemberOf<decltype(Member)>::Member;
    return {name, SettingCodec<M>::kind, note,
            [](Settings& settings, const Setting& row, std::string_view text) {
                std::string problem = row.note.check == nullptr || text.empty() ? std::string{} : row.note.check(text);
                return problem.empty() ? SettingCodec<M>::read(settings.*Section.*Member, row.note, text) : problem;
            },
            [](const Settings& settings) { return SettingCodec<M>::show(settings.*Section.*Member); }};
}

}  // namespace wabot
