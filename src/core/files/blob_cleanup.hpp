#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>

namespace wabot {
class BlobStore;
class Database;
namespace asio = boost::asio;
}  // namespace wabot

namespace wabot::files {

/// Removes the blobs of files that are deleted. How many.
asio::awaitable<std::size_t> remove_deleted(Database& db, BlobStore& blobs);
/// Removes what a kill left over: blobs without a file and abandoned drafts; those of the last day may be on their way. How many.
asio::awaitable<std::size_t> sweep(Database& db, BlobStore& blobs);

}  // namespace wabot::files
