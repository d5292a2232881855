#pragma once

#include "core/config/sections/cli.hpp"
#include "core/config/sections/conversation.hpp"
#include "core/config/sections/log.hpp"
#include "core/config/sections/retention.hpp"
#include "core/config/sections/server.hpp"
#include "core/config/sections/store.hpp"
#include "core/config/sections/whatsapp.hpp"
#include "core/config/sections/worker.hpp"

namespace wabot {

/// The effective settings: an immutable snapshot. What each means stands in its row, beside its section, and in .env.example.
struct Settings {
    StoreSettings store;
    ServerSettings server;
    WhatsappSettings whatsapp;
    WorkerSettings worker;
    ConversationSettings conversation;
    RetentionSettings retention;
    LogSettings log;
    CliSettings cli;
};

}  // namespace wabot
