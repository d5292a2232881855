#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/database/transaction.hpp"

namespace wabot {

/// What an object is called on the command line.
struct KnownName {
    std::string word;              // names it: a key, a name that only it has, an id
    std::string id = {};           // names it too; empty when it is the word, or when it is not typed
    std::string description = {};  // what people know it by; numbers are masked
};

/// The names of what there is, for completion: few columns of many rows. Blocking, inside a read. The newest first where there is a time.
namespace names {

/// What lists show an object of `noun` ("device", "agent", "contact") by: its key, or the name of a contact; also of a deleted one. Empty if it has
/// none.
std::string shown(Snapshot& db, std::string_view noun, std::int64_t id);

std::vector<KnownName> devices(Snapshot& db);
std::vector<KnownName> agents(Snapshot& db);
/// Those whose name or id holds `begun`, the ones that begin with it first; 400 at most, for they are many.
std::vector<KnownName> contacts(Snapshot& db, std::string_view begun);
std::vector<KnownName> conversations(Snapshot& db);
std::vector<KnownName> messages(Snapshot& db);
std::vector<KnownName> templates(Snapshot& db);
std::vector<KnownName> files(Snapshot& db);
std::vector<KnownName> ignore_rules(Snapshot& db);
std::vector<KnownName> events(Snapshot& db);
/// Unfinished work: what an operator may look at or decide on.
std::vector<KnownName> jobs(Snapshot& db);
std::vector<KnownName> audit_entries(Snapshot& db);

}  // namespace names

}  // namespace wabot
