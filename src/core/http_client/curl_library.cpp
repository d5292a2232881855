#include "core/http_client/curl_library.hpp"

#include <dlfcn.h>

#include <string>

#include "core/base/error.hpp"

namespace wabot {

namespace {

constexpr const char* file = "libcurl.so.4";

[[noreturn]] void fail() {
    const char* const why = dlerror();
    throw Error(Errc::unavailable, std::string("cannot load ") + file + ": " + (why == nullptr ? "no reason given" : why), "install libcurl4");
}

template <class Function>
void find(void* library, const char* name, Function& function) {
    void* const address = dlsym(library, name);
    if (address == nullptr) fail();
    function = reinterpret_cast<Function>(address);
}

CurlLibrary load() {
    void* const library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) fail();
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
    decltype(&curl_global_init) global_init = nullptr;
    find(library, "curl_global_init", global_init);
    if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw Error(Errc::unavailable, std::string(file) + " cannot be set up");
    return curl;
}

}  // namespace

const CurlLibrary& curl() {
    static const CurlLibrary loaded = load();
    return loaded;
}

}  // namespace wabot
