#include "cli/output/jq.hpp"

#include <climits>

#include "cli/output/exit_codes.hpp"
#include "core/base/shared_library.hpp"

namespace wabot::cli {

namespace {

// The few things of jq.h and jv.h (jq 1.6 and 1.7) that are used here, so that building needs neither.
struct JqState;
struct Jv {
    unsigned char kind_flags;
    unsigned char padding;
    unsigned short offset;
    int size;
    union {
        void* pointer;
        double number;
    } value;
};
enum JvKind : int { jv_invalid = 0, jv_null = 1, jv_string = 5 };

using ErrorCallback = void(void* data, Jv message);

struct Library {
    // Functions take over the values that are given to them, except kind and string_value.
    SharedLibrary file{"libjq.so.1", "libjq1"};
    JqState* (*init)() = file.find<JqState*()>("jq_init");
    void (*teardown)(JqState**) = file.find<void(JqState**)>("jq_teardown");
    void (*set_error_cb)(JqState*, ErrorCallback*, void*) = file.find<void(JqState*, ErrorCallback*, void*)>("jq_set_error_cb");
    int (*compile)(JqState*, const char*) = file.find<int(JqState*, const char*)>("jq_compile");
    void (*start)(JqState*, Jv, int) = file.find<void(JqState*, Jv, int)>("jq_start");
    Jv (*next)(JqState*) = file.find<Jv(JqState*)>("jq_next");
    Jv (*parse)(const char*, int) = file.find<Jv(const char*, int)>("jv_parse_sized");
    JvKind (*kind)(Jv) = file.find<JvKind(Jv)>("jv_get_kind");
    Jv (*copy)(Jv) = file.find<Jv(Jv)>("jv_copy");
    void (*free)(Jv) = file.find<void(Jv)>("jv_free");
    Jv (*dump)(Jv, int) = file.find<Jv(Jv, int)>("jv_dump_string");
    const char* (*string_value)(Jv) = file.find<const char*(Jv)>("jv_string_value");
    int (*string_length)(Jv) = file.find<int(Jv)>("jv_string_length_bytes");
    int (*has_message)(Jv) = file.find<int(Jv)>("jv_invalid_has_msg");
    Jv (*message)(Jv) = file.find<Jv(Jv)>("jv_invalid_get_msg");

    /// A text as it is, null as nothing, else JSON. Takes the value over.
    std::string text_of(Jv value) const {
        if (kind(value) == jv_null) return {};
        const Jv text = kind(value) == jv_string ? value : dump(value, 0);
        std::string out(string_value(text), static_cast<std::size_t>(string_length(copy(text))));
        free(text);
        return out;
    }
};

const Library& library() {
    static const Library loaded;
    return loaded;
}

/// "jq: error: syntax error ... at <top-level>, line 1:" and the expression again: what matters of it.
std::string without_frame(std::string text) {
    constexpr std::string_view prefix = "jq: error: ";
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
    text.erase(std::min(text.find('\n'), text.size()));
    text.erase(std::min(text.find(" at <top-level>"), text.size()));
    return text;
}

}  // namespace

struct Jq::State {
    const Library& jq = library();
    JqState* state = jq.init();
    std::string first_error;

    State() {
        if (state == nullptr) throw Error(Errc::unavailable, "libjq cannot be used");
        const auto note = [](void* self, Jv message) {
            auto& to = *static_cast<State*>(self);
            const std::string text = to.jq.text_of(message);
            if (to.first_error.empty()) to.first_error = without_frame(text);
        };
        jq.set_error_cb(state, note, this);
    }
    ~State() { jq.teardown(&state); }
    State(const State&) = delete;

    [[noreturn]] void refuse(const std::string& why) { usage_error("--jq: " + why, "see man jq, or https://jqlang.org", "--jq"); }
};

Jq::Jq(const std::string& expression) : state_(std::make_unique<State>()) {
    if (expression.find('\0') != std::string::npos) state_->refuse("the expression holds a NUL");
    if (state_->jq.compile(state_->state, expression.c_str()) == 0) state_->refuse(state_->first_error);
}

Jq::~Jq() = default;

void Jq::run(std::string_view json, const std::function<void(std::string_view)>& show) {
    const Library& jq = state_->jq;
    if (json.size() > INT_MAX) throw Error(Errc::too_large, "the document is too large for --jq", "-o jsonl gives it a row at a time");
    const Jv document = jq.parse(json.data(), static_cast<int>(json.size()));
    if (jq.kind(document) == jv_invalid) throw Error(Errc::bug, "jq does not read our JSON: " + jq.text_of(jq.message(document)));
    jq.start(state_->state, document, 0);
    for (;;) {
        const Jv result = jq.next(state_->state);
        if (jq.kind(result) != jv_invalid) {
            show(jq.text_of(result));
            continue;
        }
        if (jq.has_message(jq.copy(result)) != 0) state_->refuse(jq.text_of(jq.message(result)));
        jq.free(result);
        return;
    }
}

}  // namespace wabot::cli
