#pragma once
#include <spidergate/runtime/byte_stream.hpp>
#include <spidergate/runtime/worker.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace spidergate::runtime {

using stream_pair = std::pair<std::unique_ptr<byte_stream>, std::unique_ptr<byte_stream>>;

/// One implementation of byte_stream, as two connected ends on the same worker.
struct stream_pair_maker {
  std::string name;
  std::function<stream_pair(worker&)> make;
};

std::vector<stream_pair_maker> stream_pair_makers();

}  // namespace spidergate::runtime
