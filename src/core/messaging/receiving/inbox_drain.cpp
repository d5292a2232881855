#include "core/messaging/receiving/inbox_drain.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/changes/changes.hpp"
#include "core/channels/open_channel.hpp"
#include "core/contacts/contacts.hpp"
#include "core/database/database_fault.hpp"
#include "core/devices/account_events.hpp"
#include "core/files/blob_store.hpp"
#include "core/inbox/inbox.hpp"
#include "core/messaging/conversations.hpp"
#include "core/messaging/lanes.hpp"
#include "core/messaging/media.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/receiving/account_status.hpp"
#include "core/messaging/sending/statuses.hpp"
#include "core/messaging/templates.hpp"

namespace wabot {

struct ReceivedBody {
    InboxId id;
    std::string kind;
    std::optional<DeviceId> device_id;
    std::optional<DeviceId> verified_by;
    Bytes body;
    std::int64_t attempts;
    std::string request_id;
    Time received_at;
};
WABOT_DESCRIBE(ReceivedBody, FIELD(id), FIELD(kind), FIELD(device_id), FIELD(verified_by), FIELD(body), FIELD(attempts), FIELD(request_id),
               FIELD(received_at))

namespace {

constexpr int bodies_max = 64;
constexpr std::int64_t bytes_max = 16 * 1024 * 1024;  // of sealed bodies in memory at a time

/// A message with everything sealed that is stored sealed.
struct PreparedMessage {
    IncomingMessage message;
    Sealed provider_id;
    Bytes quoted_hash;  // empty = quotes nothing
    std::vector<Bytes> quoted_also;
    Bytes raw;
    SealedAddress chat;                   // the person, or the group
    std::optional<SealedAddress> author;  // of a group's message
    std::optional<SealedAddress> moved_to;
    std::string conversation_key;  // should the conversation be new
    std::string blob_key;          // of what came with it; empty = nothing did
};

struct PreparedPreference {
    Preference preference;
    SealedAddress person;
};

struct PreparedNotice {
    Notice notice;
    std::string account;
    Bytes digest;           // of all that it says, and when
    Bytes own_number_hash;  // empty = it names none
    Bytes raw;
};

struct PreparedItem {
    std::string route;
    std::string kind;
    std::variant<PreparedMessage, statuses::Sealable, PreparedPreference, PreparedNotice, Broken> what;
};

struct PreparedBody {
    ReceivedBody row;
    std::string unreadable;
    std::vector<PreparedItem> items;
};

std::vector<ReceivedBody> load(Snapshot& db) {
    static constexpr std::string_view sql = R"sql(
        SELECT id, kind, device_id, verified_by, body, attempts, request_id, received_at FROM (
            SELECT id, kind, device_id, verified_by, body, attempts, request_id, received_at, sum(length(body)) OVER (ORDER BY id) AS total FROM (
                SELECT id, kind, device_id, verified_by, body, attempts, request_id, received_at FROM inbox WHERE state = 'received'
                ORDER BY id LIMIT $1) oldest) sized
        WHERE total <= $2 OR total = length(body) ORDER BY id)sql";
    return db.query(sql, bodies_max, bytes_max).all<ReceivedBody>();
}

PreparedMessage prepare_message(const Vault& vault, Random& random, IncomingMessage&& message) {
    PreparedMessage out;
    out.provider_id = vault.seal(message.provider_id, messages::id_data);
    if (!message.reply_to.empty()) out.quoted_hash = vault.hash(message.reply_to);
    for (const std::string& id : message.reply_to_also) out.quoted_also.push_back(vault.hash(id));
    out.raw = vault.seal_bytes(message.raw, messages::raw_data);
    if (message.group_id.empty()) {
        out.chat = seal_person(vault, message.sender, message.sender_name);
    } else {
        out.chat = seal_group(vault, message.group_id);
        out.author = seal_person(vault, message.sender, message.sender_name);
    }
    if (message.moved_to) out.moved_to = seal_person(vault, *message.moved_to);
    out.conversation_key = conversations::new_key(random);
    if (message.media) out.blob_key = new_blob_key(random);
    out.message = std::move(message);
    return out;
}

statuses::Sealable prepare_status(const Vault& vault, StatusUpdate&& update) {
    statuses::Sealable out;
    out.provider_id = vault.seal(update.provider_id, messages::id_data);
    if (!update.recipient.empty()) out.recipient_hash = vault.hash(update.recipient);
    for (const std::string& id : update.provider_id_also) out.also.push_back(vault.hash(id));
    out.update = std::move(update);
    return out;
}

PreparedPreference prepare_preference(const Vault& vault, Preference&& preference) {
    PreparedPreference out;
    out.person = seal_person(vault, preference.person, preference.name);
    out.preference = std::move(preference);
    return out;
}

PreparedNotice prepare_notice(const Vault& vault, std::string account, Notice&& notice) {
    PreparedNotice out;
    if (notice.is_known) {
        const auto at = std::to_string(notice.timestamp.time_since_epoch().count());
        out.digest = vault.hash(account + "\n" + notice.field + "\n" + at + "\n" + notice.raw);
        out.raw = vault.seal_bytes(notice.raw, account_events::raw_data);
        if (!notice.own_number.empty()) out.own_number_hash = vault.hash(notice.own_number);
    }
    out.account = std::move(account);
    out.notice = std::move(notice);
    return out;
}

/// Seals an item; what cannot be sealed is broken like what cannot be read.
PreparedItem prepare_item(const Vault& vault, Random& random, DeliveryItem&& item) {
    PreparedItem out{std::move(item.route), std::move(item.kind), Broken{}};
    try {
        if (auto* message = std::get_if<IncomingMessage>(&item.what))
            out.what = prepare_message(vault, random, std::move(*message));
        else if (auto* status = std::get_if<StatusUpdate>(&item.what))
            out.what = prepare_status(vault, std::move(*status));
        else if (auto* notice = std::get_if<Notice>(&item.what))
            out.what = prepare_notice(vault, std::move(item.account), std::move(*notice));
        else if (auto* preference = std::get_if<Preference>(&item.what))
            out.what = prepare_preference(vault, std::move(*preference));
        else
            out.what = std::get<Broken>(std::move(item.what));
    } catch (const std::exception& error) {
        out.what = Broken{error.what()};
    }
    return out;
}

PreparedBody prepare(const Vault& vault, Random& random, ReceivedBody&& row) {
    PreparedBody out;
    Delivery delivery;
    try {
        delivery = read_delivery(row.kind, vault.open(row.body, inbox::body_data), row.received_at);
    } catch (const std::exception& error) {
        delivery.unreadable = error.what();
    }
    out.unreadable = std::move(delivery.unreadable);
    for (DeliveryItem& item : delivery.items) out.items.push_back(prepare_item(vault, random, std::move(item)));
    row.body = {};
    out.row = std::move(row);
    return out;
}

/// What became of an item.
struct ItemResult {
    std::string_view state = "done";  // done, double, quarantined, unrouted
    std::optional<DeviceId> device;
    std::optional<MessageId> message;
    std::optional<std::string> error;
};

/// For the log, once the transaction is durable.
struct DrainReport {
    std::vector<MessageId> stored;
    std::vector<DrainWarning> warnings;
};

/// What an item that cannot be stored does: in the first round it takes the batch with it, in the second it is kept as `quarantined` and the others
/// are stored. Nearly no batch needs the second one, which costs a savepoint an item.
enum class Round { together, apart };

/// Stores the bodies of one batch, in one unit.
class Storing {
public:
    Storing(Transaction& tx, const DeviceSnapshot& devices, DrainOptions options, Round round)
        : tx_(tx), devices_(devices), options_(options), round_(round) {}

    /// False, and nothing was written, when another drainer is at it, or the devices are not those that the bodies were read with: then all of it is
    /// to be read again. The lock keeps the order: of two drainers the second begins when the first has committed, so that the messages of a contact
    /// get ids in the order in which they are stored; turns go by those.
    bool begin(InboxId first, InboxId last) {
        if (!inbox::try_drain(tx_)) return false;
        static constexpr std::string_view version_sql = "SELECT CAST(COALESCE(SUM(revision), 0) AS BIGINT) FROM devices";
        if (tx_.query(version_sql).one<std::int64_t>() != devices_.version()) return false;
        static constexpr std::string_view received_sql = "SELECT id FROM inbox WHERE state = 'received' AND id BETWEEN $1 AND $2";
        for (const InboxId id : tx_.query(received_sql, first, last).all<InboxId>()) received_.insert(id);
        return true;
    }

    /// Nothing when another drainer took the body meanwhile.
    void store(const PreparedBody& body) {
        static constexpr std::string_view take_sql = "UPDATE inbox SET state = 'done', attempts = attempts + 1, done_at = $2 WHERE id = $1";
        if (!received_.contains(body.row.id)) return;
        tx_.execute_deferred(take_sql, body.row.id, tx_.now());
        if (!body.unreadable.empty()) {
            tx_.execute("UPDATE inbox SET state = 'quarantined', error = $2, done_at = NULL WHERE id = $1", body.row.id, body.unreadable);
            report.warnings.push_back({DrainWarningKind::quarantined, body.row.id, body.unreadable});
            return;
        }
        cause_ = Cause{{"system", "inbox"}, body.row.request_id};
        if (body.row.attempts > 0) tx_.execute("DELETE FROM inbox_items WHERE inbox_id = $1", body.row.id);  // replayed
        std::string_view worst = "done";
        std::optional<std::string> error;
        std::int64_t position = 0;
        for (const PreparedItem& item : body.items) {
            const ItemResult result = store_item(body.row, item);
            write_item(body.row.id, position++, item.kind, result);
            if (result.state == "quarantined" || (result.state == "unrouted" && worst == "done")) {
                worst = result.state;
                error = result.error;
            }
        }
        if (worst == "done") return;
        tx_.execute("UPDATE inbox SET state = $2, error = $3, done_at = NULL WHERE id = $1", body.row.id, worst, error);
        const auto kind = worst == "quarantined" ? DrainWarningKind::quarantined : DrainWarningKind::unrouted;
        report.warnings.push_back({kind, body.row.id, error.value_or("")});
    }

    /// After the last body.
    void finish() { account_news_.apply(tx_); }

    DrainReport report;

private:
    ItemResult store_item(const ReceivedBody& row, const PreparedItem& item) {
        ItemResult result;
        result.device = route(row, item.route);
        if (const auto* broken = std::get_if<Broken>(&item.what)) {
            result.state = "quarantined";
            result.error = broken->reason;
            return result;
        }
        const auto* const notice = std::get_if<PreparedNotice>(&item.what);
        if (notice != nullptr && !notice->notice.is_known) return result;
        if (notice == nullptr && !result.device) {
            result.state = "unrouted";
            result.error = "no device serves the account it names";
            return result;
        }
        const auto store = [&] {
            if (notice != nullptr)
                store_notice(row, *notice, result);
            else if (const auto* preference = std::get_if<PreparedPreference>(&item.what))
                store_preference(*result.device, *preference, result);
            else if (const auto* message = std::get_if<PreparedMessage>(&item.what))
                store_message(row, *result.device, *message, result);
            else
                store_status(row, *result.device, std::get<statuses::Sealable>(item.what), result);
        };
        if (round_ == Round::together) {
            store();
            return result;
        }
        try {
            tx_.savepoint(store);
        } catch (const std::exception& error) {
            if (is_of_store(error)) throw;
            result = {"quarantined", result.device, std::nullopt, error.what()};
        }
        return result;
    }

    void store_status(const ReceivedBody& row, DeviceId device, const statuses::Sealable& status, ItemResult& result) {
        const auto applied = statuses::apply(tx_, cause_, device, status);
        if (!applied) result.state = "duplicate";
        if (!applied || status.update.status != "failed") return;
        report.warnings.push_back({DrainWarningKind::failed_status, row.id, status.update.error_code, device, applied->message});
    }

    void store_preference(DeviceId device, const PreparedPreference& prepared, ItemResult& result) {
        const ContactId contact = contacts::find_or_add(tx_, cause_, device, prepared.person).id;
        const Marketing wish = prepared.preference.wants_marketing ? Marketing::resume : Marketing::stop;
        if (!contacts::set_marketing(tx_, cause_, device, contact, wish, prepared.preference.timestamp)) result.state = "duplicate";
    }

    void store_notice(const ReceivedBody& row, const PreparedNotice& prepared, ItemResult& result) {
        const Notice& notice = prepared.notice;
        const auto affected = result.device ? std::vector{*result.device} : devices_of(row, prepared);
        if (affected.size() == 1) result.device = affected.front();
        const account_events::New event{result.device, prepared.account, notice.field,    notice.event,    notice.weight,
                                        notice.facts,  prepared.raw,     prepared.digest, notice.timestamp};
        const bool is_newest = account_events::is_newest(tx_, event);
        if (!account_events::add(tx_, cause_, event)) {
            result.state = "duplicate";
            return;
        }
        if (notice.about) templates::apply(tx_, prepared.account, *notice.about, notice.timestamp);
        const bool tells_if_it_works =
            notice.weight == EventWeight::stops || (notice.weight == EventWeight::lifts && notice.field == "account_update");
        if (!tells_if_it_works || !is_newest) return;
        for (const DeviceId device : affected) account_news_.note(device, notice.weight == EventWeight::stops, notice.event, cause_);
    }

    /// Those of the account, or of its number that the notice names, which the one that verified it may speak for. When none is known to be of the
    /// account, the only one that could be.
    std::vector<DeviceId> devices_of(const ReceivedBody& row, const PreparedNotice& prepared) {
        std::vector<DeviceId> of_account, of_nobody;
        for (const auto& device : devices_.entries()) {
            if (to_word(device->kind) != row.kind) continue;
            if (row.device_id ? device->id != *row.device_id : row.verified_by && !devices_.share_secret(*row.verified_by, device->id)) continue;
            const std::string& account = device->options.waba_id;
            if (account.empty())
                of_nobody.push_back(device->id);
            else if (account == prepared.account)
                of_account.push_back(device->id);
        }
        if (of_account.empty() && of_nobody.size() == 1) of_account = of_nobody;
        if (prepared.own_number_hash.empty() || of_account.size() < 2) return of_account;
        static constexpr std::string_view sql = "SELECT id FROM devices WHERE phone_number_hash = $1 AND deleted_at IS NULL";
        const auto of_number = tx_.query(sql, prepared.own_number_hash).all<DeviceId>();
        std::vector<DeviceId> named;
        for (const DeviceId id : of_account)
            if (std::ranges::find(of_number, id) != of_number.end()) named.push_back(id);
        return named.empty() ? of_account : named;
    }

    void store_message(const ReceivedBody& body, DeviceId device, const PreparedMessage& prepared, ItemResult& result) {
        const IncomingMessage& m = prepared.message;
        // When it was written opens the window, not when it arrived: a provider delivers for days what it could not deliver at once.
        const auto incoming_at = m.is_echo ? std::nullopt : std::optional(std::min(m.timestamp, tx_.now()));
        const FoundContact contact = contacts::identify(tx_, cause_, device, prepared.chat, incoming_at);
        std::optional<FoundContact> writer;
        if (prepared.author) writer = contacts::identify(tx_, cause_, device, *prepared.author, incoming_at);
        const auto author = writer ? std::optional(writer->id) : std::nullopt;
        const ConversationId conversation = conversations::find_or_add(tx_, device, contact.id, prepared.conversation_key);
        std::optional<MessageId> parent;
        if (!prepared.quoted_hash.empty()) parent = messages::find_by_provider_ids(tx_, device, prepared.quoted_hash, prepared.quoted_also);
        const bool takes_turn = m.wants_answer && !m.is_echo;
        if (m.is_echo && is_send_of_ours(device, prepared.provider_id.hash)) {
            result.state = "duplicate";
            result.error = "we sent it ourselves";
            return;
        }
        const bool waits = m.amends != Amendment::none && !parent;
        const messages::Incoming row{
            conversation, device,     contact.id,           author, m.is_echo,   m.message_type, m.content,
            prepared.raw, takes_turn, prepared.provider_id, parent, m.timestamp, m.metadata,     waits ? prepared.quoted_hash : Bytes{}};
        result.message = messages::add_incoming(tx_, row);
        if (!result.message) {
            result.state = "duplicate";
            result.error = "the message is stored already";
            const auto known = messages::find_by_provider_id(tx_, device, prepared.provider_id.hash);
            if (known && body.attempts > 0) messages::read_again(tx_, *known, row);
            return;
        }
        contacts::refresh(tx_, cause_, device, contact, prepared.chat, incoming_at);
        if (writer) contacts::refresh(tx_, cause_, device, *writer, *prepared.author, incoming_at);
        if (prepared.moved_to) contacts::move(tx_, cause_, device, author.value_or(contact.id), *prepared.moved_to);
        report.stored.push_back(*result.message);
        if (m.media) store_media(*result.message, prepared, takes_turn);
        if (takes_turn)
            lanes::add(tx_, Lane::turn, conversation, 1);
        else
            conversations::note_message(tx_, conversation);
        amend(device, prepared, *result.message, parent);
        if (m.is_echo) conversations::hand_off(tx_, cause_, conversation, Control::human, tx_.now() + options_.takeover_timeout);
        changes::record(tx_, cause_, m.is_echo ? "message.echoed" : "message.received", "message", result.message->value, device.value);
    }

    /// Of a message in several parts, of which it has one id only.
    bool is_send_of_ours(DeviceId device, const Bytes& provider_id_hash) {
        static constexpr std::string_view sql = "SELECT id FROM sends WHERE device_id = $1 AND whatsapp_message_id_hash = $2 LIMIT 1";
        return !tx_.query(sql, device, provider_id_hash).empty();
    }

    /// Does to its message what an edit or a revocation says; to any other message what was said of it before it came.
    void amend(DeviceId device, const PreparedMessage& prepared, MessageId id, std::optional<MessageId> amended) {
        if (prepared.message.amends != Amendment::none) {
            if (amended)
                messages::amend(tx_, cause_, id, *amended);
            else
                amendments_wait_ = true;
            return;
        }
        if (!amendments_wait_) amendments_wait_ = messages::any_amendments_wait(tx_);
        if (!*amendments_wait_) return;
        for (const MessageId waiting : messages::amendments_waiting(tx_, device, prepared.provider_id.hash))
            messages::amend(tx_, cause_, waiting, id);
    }

    void store_media(MessageId message, const PreparedMessage& prepared, bool takes_turn) {
        const IncomingMessage& m = prepared.message;
        const std::string_view kind = m.media->voice ? "voice" : std::string_view(m.message_type);
        media::add(tx_, message, {kind, m.media->media_id, m.media->mime_type, m.media->sha256, m.media->filename, prepared.blob_key});
        if (takes_turn) media::wait_for(tx_, message, tx_.now() + options_.media_wait);
    }

    void write_item(InboxId inbox, std::int64_t position, std::string_view kind, const ItemResult& result) {
        static constexpr std::string_view sql = R"sql(
            INSERT INTO inbox_items (inbox_id, position, device_id, kind, state, error, message_id) VALUES ($1, $2, $3, $4, $5, $6, $7))sql";
        tx_.execute_deferred(sql, inbox, position, result.device, kind, result.state, result.error, result.message);
    }

    /// The device that an item is for: the one whose account it names. What came in by a device's own path is for that device alone, since only
    /// its secret was checked.
    std::optional<DeviceId> route(const ReceivedBody& row, const std::string& account) {
        if (account.empty()) return row.device_id;
        const auto named = device_of_account(row, account);
        if (row.device_id && named != row.device_id) return std::nullopt;
        if (named && row.verified_by && !devices_.share_secret(*row.verified_by, *named)) return std::nullopt;
        return named;
    }

    std::optional<DeviceId> device_of_account(const ReceivedBody& row, const std::string& account) {
        const auto key = row.kind + "/" + account;
        if (const auto known = routes_.find(key); known != routes_.end()) return known->second;
        static constexpr std::string_view sql = "SELECT id FROM devices WHERE kind = $1 AND provider_ref = $2 AND deleted_at IS NULL";
        return routes_[key] = tx_.query(sql, row.kind, account).first<DeviceId>();
    }

    Transaction& tx_;
    const DeviceSnapshot& devices_;
    const DrainOptions options_;
    const Round round_;
    Cause cause_;
    std::set<InboxId> received_;
    std::map<std::string, std::optional<DeviceId>> routes_;
    AccountStatusUpdates account_news_;
    std::optional<bool> amendments_wait_;
};

}  // namespace

asio::awaitable<std::optional<std::size_t>> drain_inbox(Database& db, const Vault& vault, Random& random, DeviceRegistry& registry,
                                                        DrainLog& drain_log, DrainOptions options) {
    auto look = [&registry](Snapshot& snapshot) {
        auto rows = load(snapshot);
        if (!rows.empty()) registry.reload(snapshot);  // a device may be new, made by another process
        return rows;
    };
    auto received = co_await db.read(look);
    if (received.empty()) co_return 0;
    const auto devices = registry.now();
    std::vector<PreparedBody> bodies;
    for (ReceivedBody& row : received) bodies.push_back(prepare(vault, random, std::move(row)));
    Round round = Round::together;
    auto store = [&bodies, &devices, options, &round](Transaction& tx) {
        std::optional<DrainReport> out;
        Storing storing(tx, *devices, options, round);
        if (!storing.begin(bodies.front().row.id, bodies.back().row.id)) return out;
        for (const PreparedBody& body : bodies) storing.store(body);
        storing.finish();
        out = std::move(storing.report);
        return out;
    };
    std::optional<DrainReport> report;
    try {
        report = co_await db.write(store);
    } catch (const std::exception& error) {
        if (is_of_store(error)) throw;
        round = Round::apart;
    }
    if (round == Round::apart) report = co_await db.write(store);
    if (!report) co_return std::nullopt;
    for (const MessageId id : report->stored) log::write(log::Level::info, log::Logger::messages, "message received", {{"message_id", id}});
    drain_log.write(report->warnings, std::chrono::steady_clock::now().time_since_epoch());
    co_return bodies.size();
}

}  // namespace wabot
