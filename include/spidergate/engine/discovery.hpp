#pragma once
#include <spidergate/engine/engine.hpp>
#include <spidergate/providers/model_list.hpp>
#include <spidergate/upstream/client.hpp>
#include <spidergate/vault/vault.hpp>

#include <string>
#include <vector>

namespace spidergate::engine {

/// Asks a provider which models it has: one GET of its list, within 5 seconds in all and 1 MiB. `key` may be an empty
/// lease where the server wants none; it goes to the origin that it is bound to, as in a request. The message says why
/// there is no answer, and holds no secret. Any worker; on the thread of `with`.
[[nodiscard]] awaitable<boost::system::result<std::vector<providers::listed_model>, std::string>> list_models(
    upstream::client& with, const runtime::clock& time, const catalogue::provider& of, const vault::lease& key,
    const options& clocks);

}  // namespace spidergate::engine
