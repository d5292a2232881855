#include "core/devices/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"

namespace wabot::devices {

namespace {

constexpr OptionSpec specs[] = {
    {DeviceKind::whatsapp, "phone_number_id", OptionForm::digits, "", "Meta's id of the number, not the number itself", true},
    {DeviceKind::whatsapp, "waba_id", OptionForm::digits, "", "Meta's id of the WhatsApp Business account"},
    {DeviceKind::whatsapp, "graph_url", OptionForm::url, "https://graph.facebook.com", "Where the Cloud API answers"},
    {DeviceKind::whatsapp, "graph_version", OptionForm::version, "v24.0", "Version of the Cloud API"},
    {DeviceKind::whatsapp, "media_hosts", OptionForm::hosts, "lookaside.fbsbx.com",
     "Hosts from which media are downloaded, besides the host of graph_url; separated by commas"},
    {DeviceKind::whatsapp, "rate_per_s", OptionForm::number, "80", "Sends per second; 0 = no limit", false, 1000},
    {DeviceKind::whatsapp, "loop_limit", OptionForm::number, "10", "Automatic replies per contact and minute; 0 = no limit", false, 10'000},
    {DeviceKind::whatsapp, "on_uncertain", OptionForm::word, "resend", "What to do with a reply that may not have arrived: resend or hold"},
    {DeviceKind::sim, "rate_per_s", OptionForm::number, "0", "Sends per second; 0 = no limit", false, 1000},
    {DeviceKind::sim, "loop_limit", OptionForm::number, "10", "Automatic replies per contact and minute; 0 = no limit", false, 10'000},
};

const OptionSpec* find_spec(DeviceKind kind, std::string_view name) {
    const auto found = std::ranges::find_if(specs, [&](const OptionSpec& spec) { return spec.kind == kind && spec.name == name; });
    return found == std::end(specs) ? nullptr : found;
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// scheme://host[:port][/path], nothing else: credentials in it would end up in logs, a query would be cut by the paths we append.
bool is_base_url(std::string_view text) {
    const std::size_t scheme = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
    if (scheme == 0 || text.size() > 500) return false;
    const std::string_view rest = text.substr(scheme);
    if (rest.empty() || rest.front() == '/' || rest.front() == ':') return false;
    return std::ranges::all_of(rest, [](char c) { return c > ' ' && c < 127 && std::string_view("@?#\\\"<>").find(c) == std::string_view::npos; });
}

/// "v24.0"
bool is_version(std::string_view text) {
    if (!text.starts_with('v')) return false;
    const std::size_t dot = text.find('.');
    return dot != std::string_view::npos && text.size() <= 10 && all_digits(text.substr(1, dot - 1)) && all_digits(text.substr(dot + 1));
}

std::optional<std::int64_t> to_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::vector<std::string> split_hosts(std::string_view text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; !text.empty() && at <= text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        out.push_back(fold_case(text.substr(at, comma - at)));
        at = comma + 1;
    }
    return out;
}

/// A name, no address: what it stands for must be on the public Internet.
bool is_host(std::string_view text) {
    const bool has_letter = std::ranges::any_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
    return has_letter && text.size() <= 253 && text.front() != '.' && text.front() != '-' &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string_view::npos;
}

/// The value as it is stored, or why it cannot be.
std::optional<std::string> read_value(const OptionSpec& spec, std::string_view text, Json& value) {
    switch (spec.form) {
        case OptionForm::digits:
            if (!all_digits(text) || text.size() > 32) return "must be an id of 1 to 32 digits";
            break;
        case OptionForm::url:
            if (!is_base_url(text)) return "must be an http or https address without user, query or fragment";
            while (text.ends_with('/')) text.remove_suffix(1);
            break;
        case OptionForm::version:
            if (!is_version(text)) return "must be a version such as v23.0";
            break;
        case OptionForm::hosts:
            for (const std::string& host : split_hosts(text))
                if (!is_host(host)) return "must be host names separated by commas";
            break;
        case OptionForm::word:
            if (!from_word<OnUncertain>(text)) return "must be resend or hold";
            break;
        case OptionForm::number: {
            const auto number = to_number(text);
            if (!number || *number < 0 || *number > spec.most) return fmt::format("must be a whole number from 0 to {}", spec.most);
            value = *number;
            return std::nullopt;
        }
    }
    value = std::string(text);
    return std::nullopt;
}

std::string unknown_option(DeviceKind kind, std::string_view name) {
    std::vector<std::string_view> known;
    for (const OptionSpec& spec : specs)
        if (spec.kind == kind) known.push_back(spec.name);
    const std::string near = did_you_mean(name, known);
    return fmt::format("is not an option of {} devices; {}", to_word(kind),
                       near.empty() ? fmt::format("they have {}", fmt::join(known, ", ")) : near);
}

std::string text_of(const Json& options, DeviceKind kind, std::string_view name) {
    const auto found = options.find(name);
    if (found != options.end() && found->is_string()) return found->get<std::string>();
    const OptionSpec* spec = find_spec(kind, name);
    return spec == nullptr ? std::string() : std::string(spec->fallback);
}

std::int64_t number_of(const Json& options, DeviceKind kind, std::string_view name, std::int64_t otherwise) {
    const auto found = options.find(name);
    if (found != options.end() && found->is_number_integer()) return found->get<std::int64_t>();
    const OptionSpec* spec = find_spec(kind, name);
    return spec == nullptr ? otherwise : to_number(spec->fallback).value_or(otherwise);
}

}  // namespace

std::span<const OptionSpec> option_specs() {
    return specs;
}

bool is_supported(DeviceKind kind) {
    return std::ranges::any_of(specs, [&](const OptionSpec& spec) { return spec.kind == kind; });
}

Json assign_options(DeviceKind kind, Json options, const Assignments& assignments, std::vector<Fault>& faults) {
    for (const auto& [name, text] : assignments) {
        const std::string where = "options." + name;
        const OptionSpec* spec = find_spec(kind, name);
        if (spec == nullptr) {
            faults.push_back({where, unknown_option(kind, name), "unknown"});
        } else if (text.empty()) {
            options.erase(name);
        } else {
            Json value;
            if (const auto refused = read_value(*spec, text, value))
                faults.push_back({where, *refused, "value"});
            else
                options[name] = std::move(value);
        }
    }
    for (const OptionSpec& spec : specs)
        if (spec.kind == kind && spec.required && !options.contains(spec.name))
            faults.push_back({fmt::format("options.{}", spec.name), fmt::format("is required: {}", spec.doc), "missing"});
    return options;
}

DeviceOptions options_of(const Device& device, std::string_view graph_url, std::string_view graph_version) {
    const Json options = read_json(device.options.text);
    const DeviceKind kind = device.kind;
    DeviceOptions out;
    out.phone_number_id = text_of(options, kind, "phone_number_id");
    out.waba_id = text_of(options, kind, "waba_id");
    out.graph_url = !graph_url.empty() && !options.contains("graph_url") ? std::string(graph_url) : text_of(options, kind, "graph_url");
    while (out.graph_url.ends_with('/')) out.graph_url.pop_back();
    out.graph_version =
        !graph_version.empty() && !options.contains("graph_version") ? std::string(graph_version) : text_of(options, kind, "graph_version");
    out.media_hosts = split_hosts(text_of(options, kind, "media_hosts"));
    out.rate_per_s = number_of(options, kind, "rate_per_s", out.rate_per_s);
    out.loop_limit = number_of(options, kind, "loop_limit", out.loop_limit);
    out.on_uncertain = from_word<OnUncertain>(text_of(options, kind, "on_uncertain")).value_or(OnUncertain::resend);
    return out;
}

}  // namespace wabot::devices
