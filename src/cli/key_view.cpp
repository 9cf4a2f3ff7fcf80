#include "key_view.hpp"

#include <spidergate/store/repositories.hpp>

namespace spidergate::cli {

key_view::key_view(context& in) : keys_(in.keys(), counters_, runtime::system_clock()) {
  keys_.load(need(in, store::integrations::list(in.database()), "The provider keys cannot be read"));
  keys_.restore(need(in, store::integrations::list_states(in.database()), "The keys' health cannot be read"));
}

}  // namespace spidergate::cli
