#include "core/database/sqlite_cache.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <memory>

namespace wabot {

namespace {

constexpr unsigned lock_octet = 0x40000000;  // file format of SQLite, 1.1: the page that holds it is never used

sqlite3_pcache_methods2 inner;  // SQLite's own

struct Cache {
    sqlite3_pcache* of_sqlite;
    unsigned lock_page;
    unsigned highest = 0;  // no page in it has a higher number
};

Cache& own(sqlite3_pcache* cache) {
    return *reinterpret_cast<Cache*>(cache);
}

sqlite3_pcache* create(int page_octets, int extra_octets, int is_purgeable) {
    sqlite3_pcache* of_sqlite = inner.xCreate(page_octets, extra_octets, is_purgeable);
    if (of_sqlite == nullptr) return nullptr;
    auto cache = std::make_unique<Cache>(of_sqlite, lock_octet / static_cast<unsigned>(page_octets) + 1);
    return reinterpret_cast<sqlite3_pcache*>(cache.release());
}

void destroy(sqlite3_pcache* cache) {
    const std::unique_ptr<Cache> ours(&own(cache));
    inner.xDestroy(ours->of_sqlite);
}

sqlite3_pcache_page* fetch(sqlite3_pcache* cache, unsigned number, int may_create) {
    own(cache).highest = std::max(own(cache).highest, number);
    return inner.xFetch(own(cache).of_sqlite, number, may_create);
}

void rekey(sqlite3_pcache* cache, sqlite3_pcache_page* page, unsigned before, unsigned after) {
    if (after != own(cache).lock_page) own(cache).highest = std::max(own(cache).highest, after);
    inner.xRekey(own(cache).of_sqlite, page, before, after);
}

void truncate(sqlite3_pcache* cache, unsigned first_gone) {
    if (own(cache).highest < first_gone) return;
    inner.xTruncate(own(cache).of_sqlite, first_gone);
    own(cache).highest = first_gone - 1;
}

}  // namespace

void mind_the_highest_page() {
    if (sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &inner) != SQLITE_OK) return;
    sqlite3_pcache_methods2 ours = inner;
    ours.xCreate = create;
    ours.xDestroy = destroy;
    ours.xFetch = fetch;
    ours.xRekey = rekey;
    ours.xTruncate = truncate;
    ours.xCachesize = [](sqlite3_pcache* cache, int pages) { inner.xCachesize(own(cache).of_sqlite, pages); };
    ours.xPagecount = [](sqlite3_pcache* cache) { return inner.xPagecount(own(cache).of_sqlite); };
    ours.xUnpin = [](sqlite3_pcache* cache, sqlite3_pcache_page* page, int discard) { inner.xUnpin(own(cache).of_sqlite, page, discard); };
    ours.xShrink = [](sqlite3_pcache* cache) { inner.xShrink(own(cache).of_sqlite); };
    sqlite3_config(SQLITE_CONFIG_PCACHE2, &ours);
}

}  // namespace wabot
