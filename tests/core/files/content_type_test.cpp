#include "core/files/content_type.hpp"

#include <array>
#include <string>
#include <tuple>
#include <vector>

#include "tests/catch.hpp"

using namespace wabot;
using namespace std::string_view_literals;

namespace {

std::string zip(std::string_view first_entry) {
    return "PK\x03\x04" + std::string(26, '\0') + std::string(first_entry);
}

std::string ogg(std::string_view codec) {
    return "OggS" + std::string(24, '\0') + std::string(codec);
}

std::string iso_media(std::string_view brand) {
    return std::string("\0\0\0\x20", 4) + "ftyp" + std::string(brand) + std::string(20, '\0');
}

const std::string jpeg = "\xFF\xD8\xFF\xE0 JFIF", png = "\x89PNG\r\n\x1A\n rest", webp = "RIFF1234WEBPVP8 ", pdf = "%PDF-1.7\n",
                  ole = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 rest", mp3 = "\xFF\xFB\x90\x64", aac = "\xFF\xF1\x50\x80", exe = "MZ\x90 program";
const std::string docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

}  // namespace

TEST_CASE("content type: bytes that are what was declared are taken", "[files]") {
    const auto [declared, bytes] = GENERATE(table<std::string, std::string>({
        {"image/jpeg", jpeg},
        {"IMAGE/JPEG", jpeg},
        {"image/png", png},
        {"image/webp", webp},
        {"video/mp4", iso_media("isom")},
        {"video/mp4", iso_media("mp42")},
        {"video/3gpp", iso_media("3gp4")},
        {"audio/mp4", iso_media("M4A ")},
        {"audio/mp4", iso_media("mp42")},
        {"audio/ogg; codecs=opus", ogg("OpusHead")},
        {"audio/mpeg", mp3},
        {"audio/mpeg", "ID3\x04 tag"},
        {"audio/aac", aac},
        {"audio/amr", "#!AMR\n rest"},
        {"application/pdf", pdf},
        {"application/msword", ole},
        {"application/vnd.ms-excel", ole},
        {docx, zip("[Content_Types].xml")},
        {docx, zip("_rels/.rels")},
        {docx, zip("word/document.xml")},
        {"text/plain",
         "A line.\nGr\xC3\xBC\xC3\x9F"
         "e.\n"},
        {"text/plain", "\xEF\xBB\xBF with a mark"},
        {"text/plain; charset=utf-8", "1 < 2 and <b>bold</b>"},
        {"text/plain", std::string("\xFF\xFE"
                                   "A\0B\0",
                                   6)},
        {"text/csv", "a,b\n1,2\n"},
    }));
    CAPTURE(declared);
    CHECK_FALSE(content_type::refusal(declared, bytes));
    CHECK(content_type::is_taken(declared));
    CHECK_FALSE(content_type::extension_of(declared).empty());
}

TEST_CASE("content type: bytes that are something else are refused, and both are named", "[files]") {
    const auto [declared, bytes, is] = GENERATE(table<std::string, std::string, std::string>({
        {"image/jpeg", "<!DOCTYPE html><script>alert(1)</script>", "text/html"},
        {"image/jpeg", "\n\n  <HTML>", "text/html"},
        {"image/jpeg", exe, "application/x-msdownload"},
        {"image/jpeg", png, "image/png"},
        {"image/jpeg", "GIF89a/*", "image/gif"},
        {"image/jpeg", "<svg onload=alert(1)>", "image/svg+xml"},
        {"image/jpeg", "plain words", "text/plain"},
        {"image/jpeg", "", "nothing known"},
        {"image/jpeg", "\xFF\xD8", "text/plain"},
        {"image/png", jpeg, "image/jpeg"},
        {"image/webp", "RIFF1234WAVEfmt ", "audio/wav"},
        {"image/webp", "XXXX1234WEBP", "text/plain"},
        {"audio/mp4", iso_media("qt  "), "video/quicktime"},
        {"video/mp4", iso_media("M4A "), "audio/mp4"},
        {"video/mp4", iso_media("heic"), "image/heic"},
        {"audio/mpeg", ogg("OpusHead"), "audio/ogg"},
        {"audio/mpeg", aac, "audio/aac"},
        {"audio/ogg", ogg("\x80theora"), "application/ogg"},
        {"application/pdf", "PDF", "text/plain"},
        {"application/pdf", exe, "application/x-msdownload"},
        {docx, zip("evil.exe"), "application/zip"},
        {docx, ole, "application/x-ole-storage"},
        {"application/msword", zip("word/document.xml"), "application/vnd.openxmlformats-officedocument"},
        {"text/plain", "<script>alert(1)</script>", "text/html"},
        {"text/plain", "#!/bin/sh\n", "text/x-shellscript"},
        {"text/plain", std::string("a\0b", 3), "nothing known"},
    }));
    CAPTURE(declared, bytes);
    const auto reason = content_type::refusal(declared, bytes);
    REQUIRE(reason);
    CHECK(*reason == "is declared as " + declared + ", and looks like " + is);
}

TEST_CASE("content type: a type that is not taken is named with what the bytes look like", "[files]") {
    CHECK(content_type::refusal("application/zip", zip("a.txt")) ==
          "files of type \"application/zip\" are not taken; this one looks like application/zip");
    CHECK(content_type::refusal("", jpeg) == "files of type \"\" are not taken; this one looks like image/jpeg");
    CHECK(content_type::refusal("image/svg+xml", "<svg>"));
    CHECK_FALSE(content_type::is_taken("text/html"));
    CHECK(content_type::extension_of("text/html").empty());
}

TEST_CASE("content type: a received file is kept under the type that its bytes agree with", "[files]") {
    using content_type::received_type;
    const std::string pdf = "%PDF-1.4\nx", jpeg = "\xFF\xD8\xFF\xE0", zip = std::string("PK\x03\x04") + std::string(26, '\0') + "boat.jpg",
                      ooxml = std::string("PK\x03\x04") + std::string(26, '\0') + "[Content_Types].xml";
    CHECK(received_type("application/pdf", "offer.pdf", pdf) == "application/pdf");
    CHECK(received_type("application/octet-stream", "offer", pdf) == "application/pdf");
    CHECK(received_type("application/vnd.ms-excel", "list.CSV", "name;price\n") == "text/csv");
    CHECK(received_type("application/vnd.ms-excel", "prices.xlsx", ooxml) == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    CHECK(received_type("image/png", "boat.png", jpeg) == "image/jpeg");
    for (const auto& [declared, name, bytes] :
         std::vector<std::array<std::string, 3>>{{"application/zip", "photos.zip", zip},
                                                 {"text/xml", "invoice.xml", "<?xml version=\"1.0\"?>"},
                                                 {"image/jpeg", "boat.jpg", "<html>"},
                                                 {"application/pdf", "offer.pdf", std::string("\x01\x02\x03", 3)}})
        CHECK(received_type(declared, name, bytes) == content_type::unknown);
    CHECK(content_type::is_program("#!/bin/sh\n"));
    CHECK_FALSE(content_type::is_program(pdf));
}
