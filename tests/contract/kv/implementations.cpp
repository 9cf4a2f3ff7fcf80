#include "counter_store_fixture.hpp"

#include <spidergate/kv/memory_counters.hpp>

namespace spidergate::kv {

std::vector<implementation> implementations() {
  return {{"memory", [](testing::worker_crew&) { return std::make_shared<memory_counters>(); }}};
}

}  // namespace spidergate::kv
