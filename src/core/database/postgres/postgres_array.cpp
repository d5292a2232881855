#include "core/database/postgres/postgres_array.hpp"

#include <bit>
#include <cstdint>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace wabot {

namespace {

struct ElementType {
    std::uint32_t oid;  // of pg_type, whose numbers never change
    std::string_view array;
};

ElementType element_type_of(Kind kind) {
    switch (kind) {
        case Kind::boolean: return {16, "boolean[]"};
        case Kind::bytes: return {17, "bytea[]"};
        case Kind::time:
        case Kind::integer: return {20, "bigint[]"};
        case Kind::text: return {25, "text[]"};
        case Kind::json: return {114, "json[]"};
        case Kind::number: return {701, "float8[]"};
        case Kind::sealed: break;
    }
    throw Error(Errc::bug, "a sealed value is three columns");
}

template <class Number>
void add_number(std::string& out, Number number) {
    for (int shift = (sizeof number - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xff);
}

void add_length(std::string& out, std::size_t length) {
    add_number(out, static_cast<std::uint32_t>(length));
}

void add_whole(std::string& out, std::int64_t number) {
    add_length(out, sizeof number);
    add_number(out, static_cast<std::uint64_t>(number));
}

void add_bytes(std::string& out, std::string_view bytes) {
    add_length(out, bytes.size());
    out += bytes;
}

struct AddElement {
    std::string& out;
    void operator()(std::monostate) const { add_number(out, std::uint32_t{0xffffffff}); }
    void operator()(bool v) const { add_bytes(out, std::string_view(v ? "\1" : "\0", 1)); }
    void operator()(std::int64_t v) const { add_whole(out, v); }
    void operator()(double v) const { add_whole(out, std::bit_cast<std::int64_t>(v)); }
    void operator()(const std::string& v) const {
        const auto mended = sanitize_utf8(v);
        add_bytes(out, mended ? *mended : v);
    }
    void operator()(const Bytes& v) const { add_bytes(out, v.data); }
    void operator()(Time v) const { add_whole(out, v.time_since_epoch().count()); }
    void operator()(const JsonText& v) const { (*this)(v.text); }
    void operator()(const Sealed&) const { throw Error(Errc::bug, "a sealed value is three columns"); }
};

}  // namespace

std::string_view array_type_of(Kind kind) {
    return element_type_of(kind).array;
}

std::string binary_array_of(Kind kind, std::span<const std::vector<Value>> rows, std::size_t column) {
    std::string out;
    add_number(out, std::uint32_t{1});  // dimension
    add_number(out, std::uint32_t{1});  // nulls may be in it
    add_number(out, element_type_of(kind).oid);
    add_length(out, rows.size());
    add_number(out, std::uint32_t{1});  // the first index
    for (const std::vector<Value>& row : rows) std::visit(AddElement{out}, row.at(column));
    return out;
}

}  // namespace wabot
