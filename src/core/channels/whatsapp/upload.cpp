#include <algorithm>
#include <cstring>

#include "core/channels/whatsapp/whatsapp.hpp"

namespace wabot {

namespace {

/// A form with two fields and one file, which is read as it goes out.
class Form : public BodySource {
public:
    Form(const std::string& boundary, const Upload& file) : bytes_(file.bytes) {
        const auto part = [&boundary](const std::string& field) { return "--" + boundary + "\r\nContent-Disposition: form-data; name=" + field; };
        head_ = part("\"messaging_product\"\r\n\r\nwhatsapp\r\n") + part("\"type\"\r\n\r\n" + file.mime_type + "\r\n") +
                part("\"file\"; filename=\"" + file.filename + "\"\r\nContent-Type: " + file.mime_type + "\r\n\r\n");
        tail_ = "\r\n--" + boundary + "--\r\n";
    }

    std::size_t size() const override { return head_.size() + bytes_->size() + tail_.size(); }

    std::size_t read(std::span<char> to) override {
        const std::size_t file_end = head_.size() + bytes_->size();
        std::size_t count = 0;
        if (at_ < head_.size())
            count = copy(head_, at_, to);
        else if (at_ < file_end)
            count = bytes_->read(to.first(std::min(to.size(), file_end - at_)));
        else
            count = copy(tail_, at_ - file_end, to);
        at_ += count;
        return count;
    }

private:
    static std::size_t copy(std::string_view text, std::size_t from, std::span<char> to) {
        const std::size_t count = std::min(to.size(), text.size() - from);
        std::memcpy(to.data(), text.data() + from, count);
        return count;
    }

    std::string head_, tail_;
    std::shared_ptr<BodySource> bytes_;
    std::size_t at_ = 0;
};

/// Slow lines get time, but not for ever.
std::chrono::milliseconds time_for(std::size_t bytes) {
    constexpr std::size_t bytes_per_ms = 64;
    return std::chrono::milliseconds(30'000 + bytes / bytes_per_ms);
}

}  // namespace

asio::awaitable<UploadOutcome> WhatsappChannel::upload(Upload file) {
    const std::string boundary = "wabot-" + random_.word(32);  // not in any file

    HttpRequest request = request_to("media", "multipart/form-data; boundary=" + boundary);
    request.source = std::make_shared<Form>(boundary, file);
    request.timeout = time_for(request.source->size());
    const HttpOutcome outcome = co_await http_.exchange(std::move(request));
    if (const auto* answer = std::get_if<HttpAnswer>(&outcome)) co_return read_whatsapp_upload_answer(*answer, clock_.now());
    const auto& failure = std::get<HttpFailure>(outcome);
    co_return NotSent{RetryClass::transient, {}, failure.offered ? "upload" : "connect", failure.reason};
}

}  // namespace wabot
