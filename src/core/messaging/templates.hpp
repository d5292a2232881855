#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/describe.hpp"
#include "core/channels/delivery.hpp"
#include "core/database/page.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

using TemplateId = Id<struct Template>;

/// A message template as its provider has told of it; one that it never told of is not here.
struct Template {
    TemplateId id;
    std::string waba_id;
    std::string name;
    std::string language;
    std::optional<std::string> status;
    std::optional<std::string> category;
    std::optional<std::string> quality;
    std::optional<std::string> reason;
    std::optional<std::string> provider_ref;
    Time created_at;
    Time updated_at;
};
WABOT_DESCRIBE(Template, FIELD(id, .key = true), FIELD(waba_id, .wide = true, .doc = "WhatsApp business account id"), FIELD(name), FIELD(language),
               FIELD(status, .doc = "Status at the provider; REJECTED, PAUSED and DISABLED templates cannot be sent"), FIELD(category),
               FIELD(quality), FIELD(reason, .doc = "Reason for the status"), FIELD(provider_ref, .wide = true), FIELD(created_at, .wide = true),
               FIELD(updated_at))

namespace templates {

/// What the news says becomes true, unless something newer is known of it.
void apply(Transaction& tx, std::string_view waba_id, const TemplateUpdate& news, Time at);

/// Whether the provider is known to refuse messages of it.
bool is_refused(const Template& one);

std::optional<Template> find(Snapshot& db, std::string_view waba_id, std::string_view name, std::string_view language);
/// By id (all digits) or name. Error{not_found}; Error{conflict} with the ids when there are several of the name and `language` names none.
Template get(Snapshot& db, std::string_view who, const std::optional<std::string>& language = std::nullopt);
/// The newest first.
std::vector<Template> list(Snapshot& db, const std::optional<std::string>& waba_id, const Page& page = {});
std::int64_t count_refused(Snapshot& db);

}  // namespace templates

}  // namespace wabot
