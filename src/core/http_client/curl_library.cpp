#include "core/http_client/curl_library.hpp"

#include "core/base/error.hpp"
#include "core/base/shared_library.hpp"

namespace wabot {

namespace {

/// Sets `function` to the library's of that name.
template <class Function>
void find(const SharedLibrary& library, const char* name, Function*& function) {
    function = library.find<Function>(name);
}

CurlLibrary load() {
    const SharedLibrary library("libcurl.so.4", "libcurl4");
    CurlLibrary curl{};
    find(library, "curl_easy_init", curl.easy_init);
    find(library, "curl_easy_cleanup", curl.easy_cleanup);
    find(library, "curl_easy_reset", curl.easy_reset);
    find(library, "curl_easy_setopt", curl.easy_setopt);
    find(library, "curl_easy_getinfo", curl.easy_getinfo);
    find(library, "curl_easy_pause", curl.easy_pause);
    find(library, "curl_easy_strerror", curl.easy_strerror);
    find(library, "curl_slist_append", curl.slist_append);
    find(library, "curl_slist_free_all", curl.slist_free_all);
    find(library, "curl_multi_init", curl.multi_init);
    find(library, "curl_multi_cleanup", curl.multi_cleanup);
    find(library, "curl_multi_setopt", curl.multi_setopt);
    find(library, "curl_multi_add_handle", curl.multi_add_handle);
    find(library, "curl_multi_remove_handle", curl.multi_remove_handle);
    find(library, "curl_multi_perform", curl.multi_perform);
    find(library, "curl_multi_poll", curl.multi_poll);
    find(library, "curl_multi_wakeup", curl.multi_wakeup);
    find(library, "curl_multi_info_read", curl.multi_info_read);
    find(library, "curl_url", curl.url);
    find(library, "curl_url_cleanup", curl.url_cleanup);
    find(library, "curl_url_set", curl.url_set);
    find(library, "curl_url_get", curl.url_get);
    find(library, "curl_free", curl.free);
    decltype(&curl_global_init) global_init = nullptr;
    find(library, "curl_global_init", global_init);
    if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw Error(Errc::unavailable, "libcurl cannot be set up");
    return curl;
}

}  // namespace

const CurlLibrary& curl() {
    static const CurlLibrary loaded = load();
    return loaded;
}

}  // namespace wabot
