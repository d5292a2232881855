#pragma once

#include "core/queue/job_handler.hpp"

namespace wabot {

/// The job `media::job_kind`: fetches one medium into the store of blobs, checks what came and says so in the unit that makes it a file. What may
/// pass fails the attempt; the last one makes the medium `failed`.
asio::awaitable<void> fetch_media(const JobTools& tools, const ClaimedJob& job);

}  // namespace wabot
