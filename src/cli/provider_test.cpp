#include "key_view.hpp"
#include "outbound.hpp"
#include "output.hpp"
#include "provider_keys.hpp"

#include <spidergate/openai/request_reader.hpp>

#include <ostream>

namespace spidergate::cli {

namespace {

/// The cheapest real call that shows whether a key works: one token from the provider's cheapest chat model.
const catalogue::model_entry* cheapest_chat_model(const catalogue::catalogue& data, std::string_view provider) {
  constexpr unit_price unknown{INT64_MAX};
  const catalogue::model_entry* best = nullptr;
  for (const auto& m : data.models()) {
    if (m.provider != provider || m.mode != catalogue::mode::chat || m.deprecated ||
        m.api != catalogue::own_endpoint::none)
      continue;
    if (best == nullptr || m.price->input.value_or(unknown) < best->price->input.value_or(unknown)) best = &m;
  }
  return best;
}

struct test_outcome {
  std::optional<std::string> problem;
  std::int64_t latency_ms = 0;
};

/// The engine's words for failures in which the provider did not get to say anything about the key.
bool never_reached(std::string_view problem) {
  return problem.starts_with("connection") || problem.starts_with("clock ");
}

test_outcome try_key(outbound& line, vault::vault& keys, const router::candidate& who,
                     const store::integration_record& row) {
  const auto lease = keys.open_for_test(row);
  if (!lease) return {"the stored key cannot be opened: it was sealed by another master key, or changed", 0};
  std::string text = R"({"model":"test","messages":[{"role":"user","content":"ping"}],"max_tokens":1})";
  text.reserve(text.size() + 64);  // the reader looks beyond the end
  const auto asked = openai::read_request(model::endpoint::chat, text);
  const auto& time = runtime::system_clock();
  const auto begun = time.steady_now();
  auto problem = line.probe(keys, who, *lease, *asked);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(time.steady_now() - begun);
  return {std::move(problem), took.count()};
}

record row_of(const store::integration_record& key, const router::candidate& who, const test_outcome& came) {
  record r;
  r.text("id", key.id).text("provider_name", key.provider).text("key_label", key.key_label);
  r.boolean("ok", !came.problem).text("model", who.name()).number("latency_ms", came.latency_ms);
  r.text_or_null("error", came.problem.value_or(""));
  return r;
}

}  // namespace

exit_code test_provider(context& in, const provider_options& asked) {
  const auto& provider = provider_named(in, asked.name);
  const auto rows = provider_keys(in, provider.id);
  if (rows.empty())
    throw command_error{exit_code::not_found, "There is no key of '" + provider.id +
                                                  "' to test: add one with `spidergate provider add " + provider.id +
                                                  "`."};
  const auto* entry = cheapest_chat_model(*in.config().catalogue, provider.id);
  if (entry == nullptr)
    throw command_error{exit_code::failed,
                        "The catalogue has no chat model of '" + provider.id + "' to test a key with."};
  const router::candidate who{.provider = &provider, .entry = entry, .model = entry->id};
  key_view view(in);
  outbound line(in);
  std::vector<record> shown;
  std::size_t refused = 0;
  std::size_t unreached = 0;
  for (const auto& key : rows) {
    const auto came = try_key(line, view.keys(), who, key);
    if (came.problem) ++(never_reached(*came.problem) ? unreached : refused);
    shown.push_back(row_of(key, who, came));
  }
  print_list(in, shown, {"key_label", "ok", "model", "latency_ms", "error"}, "");
  if (refused + unreached == 0) return exit_code::ok;
  in.err() << refused + unreached << " of " << rows.size() << " keys of '" << provider.id
           << (refused > 0 ? "' do not work: replace them with `spidergate provider remove` and `provider add`.\n"
                           : "' could not be tried: the provider cannot be reached, check network and base_url.\n");
  return refused > 0 ? exit_code::failed : exit_code::not_reachable;
}

}  // namespace spidergate::cli
