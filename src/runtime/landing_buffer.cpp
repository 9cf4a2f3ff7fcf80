#include <spidergate/runtime/landing_buffer.hpp>

#include <memory>

namespace spidergate::runtime {

std::span<char> landing_buffer() {
  constexpr std::size_t bytes = 64 * 1024;
  thread_local const std::unique_ptr<char[]> mine(new char[bytes]);
  return {mine.get(), bytes};
}

}  // namespace spidergate::runtime
