#pragma once
#include <spidergate/runtime/byte_stream.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace spidergate::runtime {

class worker;

/// Two byte streams, each the other's peer, without sockets: for tests of what lies above a byte stream.
/// A direction holds at most `capacity` bytes; a writer beyond that waits for the reader. Both ends live on `home`.
[[nodiscard]] std::pair<std::unique_ptr<byte_stream>, std::unique_ptr<byte_stream>> make_memory_stream_pair(
    worker& home, std::size_t capacity = 64 * 1024);

}  // namespace spidergate::runtime
