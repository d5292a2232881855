#include "cli/output/template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "cli/output/exit_codes.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace wabot::cli {

namespace {

using Step = OutputTemplate::Step;
using Part = OutputTemplate::Part;

/// Reads a template from front to back.
class Reader {
public:
    Reader(std::string_view text, std::string_view flag) : text_(text), flag_(flag) {}

    std::vector<Part> parts() {
        std::vector<Part> parts(1);
        while (at_ < text_.size()) {
            const std::string_view rest = text_.substr(at_);
            if (rest.starts_with("{{")) {
                parts.back().text += '{';
                at_ += 2;
            } else if (rest.starts_with('{')) {
                parts.back().path = path();
                parts.emplace_back();
            } else if (rest.starts_with('\\')) {
                parts.back().text += escaped();
            } else {
                parts.back().text += text_[at_++];
            }
        }
        return parts;
    }

private:
    char escaped() {
        const char what = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        if (what != 'n' && what != 't' && what != '\\') refuse(at_, "after a backslash comes n, t or another one");
        at_ += 2;
        return what == 'n' ? '\n' : what == 't' ? '\t' : '\\';
    }

    /// "{a.b[0]}"
    std::vector<Step> path() {
        const std::size_t open = at_++, close = text_.find('}', open);
        if (close == std::string_view::npos) refuse(open, "the brace is not closed; {{ stands for one");
        if (close == at_) refuse(open, "there is no path in the braces");
        std::vector<Step> steps{name(close)};
        while (at_ < close) {
            if (text_[at_] != '[' && text_[at_] != '.') refuse(at_, "this is not part of a path");
            if (text_[at_] == '[') {
                steps.emplace_back(place(close));
            } else {
                ++at_;
                steps.push_back(name(close));
            }
        }
        ++at_;
        return steps;
    }

    Step name(std::size_t close) {
        const std::size_t begin = at_;
        at_ = std::min(text_.find_first_of(".[]{\n", at_), close);
        if (at_ == begin) refuse(begin, "a name is missing");
        return std::string(text_.substr(begin, at_ - begin));
    }

    std::size_t place(std::size_t close) {
        std::size_t place = 0;
        const auto [end, failed] = std::from_chars(text_.data() + at_ + 1, text_.data() + close, place);
        if (failed != std::errc() || *end != ']') refuse(at_, "in brackets stands a place in a list: [0]");
        at_ = static_cast<std::size_t>(end - text_.data()) + 1;
        return place;
    }

    [[noreturn]] void refuse(std::size_t at, std::string_view why) const {
        const std::string_view before = text_.substr(0, at);
        const auto lines = std::count(before.begin(), before.end(), '\n');
        const std::size_t column = count_code_points(before.substr(before.rfind('\n') + 1)) + 1;  // npos + 1 is 0
        usage_error(fmt::format("{}: {}column {}: {}", flag_, lines > 0 ? fmt::format("line {}, ", lines + 1) : "", column, why),
                    "{name}, {member.name} and {list[0].name} stand for values; see wabot help output", std::string(flag_));
    }

    std::string_view text_, flag_;
    std::size_t at_ = 0;
};

/// Null when nothing is there.
const Json* at_path(const Json& root, const std::vector<Step>& path) {
    const Json* at = &root;
    for (const Step& step : path) {
        if (const auto* name = std::get_if<std::string>(&step)) {
            const auto found = at->is_object() ? at->find(*name) : at->end();
            if (found == at->end()) return nullptr;
            at = &*found;
        } else {
            const std::size_t place = std::get<std::size_t>(step);
            if (!at->is_array() || place >= at->size()) return nullptr;
            at = &(*at)[place];
        }
    }
    return at;
}

std::string filled(const std::vector<Part>& parts, const Json& object) {
    std::string out;
    for (const Part& part : parts) {
        out += part.text;
        const Json* value = part.path.empty() ? nullptr : at_path(object, part.path);
        if (value == nullptr || value->is_null()) continue;
        out += value->is_string() ? value->get_ref<const std::string&>() : write_json(*value);
    }
    return out;
}

bool is_list(const Json& json) {
    return json.is_object() && json.size() == 2 && json.contains("items") && json.contains("next_cursor");
}

}  // namespace

OutputTemplate::OutputTemplate(std::string_view text, std::string_view flag) : parts_(Reader(text, flag).parts()) {}

void OutputTemplate::run(std::string_view json, const std::function<void(std::string_view)>& show) {
    const Json document = read_json(json);
    if (!is_list(document)) return show(filled(parts_, document));
    for (const Json& item : document["items"]) show(filled(parts_, item));
}

}  // namespace wabot::cli
