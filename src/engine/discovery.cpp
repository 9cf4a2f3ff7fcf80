#include "credential.hpp"
#include "destination.hpp"

#include <spidergate/engine/discovery.hpp>

#include <algorithm>

namespace spidergate::engine {

namespace {

using listing = boost::system::result<std::vector<providers::listed_model>, std::string>;

constexpr std::chrono::seconds patience{5};
constexpr std::size_t most_bytes = 1U << 20U;
constexpr std::size_t readable_behind = 64;

std::string headers_with(const catalogue::provider& of, const providers::credential& secret) {
  std::string headers = "accept: application/json\r\n";
  const auto key = secret.key.reveal();
  const bool fits = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c != '\x7f'; });
  if (key.empty() || !fits) return headers;
  if (of.auth == catalogue::auth_style::header)
    headers.append(of.auth_name).append(": ").append(key).append("\r\n");
  else
    headers.append("authorization: Bearer ").append(key).append("\r\n");
  return headers;
}

awaitable<result<std::string>> read_body(upstream::call& call, steady_time deadline) {
  std::string bytes;
  while (true) {
    const auto piece = co_await call.read_some(deadline);
    if (!piece) co_return piece.error();
    if (piece->empty()) break;
    if (bytes.size() + piece->size() > most_bytes) co_return make_error_code(boost::system::errc::message_size);
    bytes.append(*piece);
  }
  bytes.reserve(bytes.size() + readable_behind);
  co_return bytes;
}

}  // namespace

awaitable<listing> list_models(upstream::client& with, const runtime::clock& time, const catalogue::provider& of,
                               const vault::lease& key, const options& clocks) {
  const auto path = providers::model_list_path(of.dialect);
  if (path.empty()) co_return "no list of models is known of the dialect " + of.dialect;
  const auto secret = read_credential(key.credentials.reveal());
  if (!secret) co_return std::string("its key cannot be used");
  const auto to = destinations().find(of, key, *secret, clocks.allow_private_base_urls);
  if (!to) co_return std::string("its key is bound to another origin, or its base_url lacks a setting");
  const auto deadline = time.steady_now() + patience;
  const upstream::clocks limits{
      .connect = clocks.connect_timeout, .tls = clocks.tls_timeout, .head = patience, .total = deadline};
  auto target = to->base_path;
  // Ollama's own API stands beside the OpenAI-like one that a base_url may name.
  if (of.dialect == "ollama" && target.ends_with("/v1")) target.resize(target.size() - 3);
  target.append(path);
  auto headers = headers_with(of, *secret);
  upstream::client::canceller stop;
  const upstream::request what{.method = "GET", .target = target, .headers = headers};
  auto call = co_await with.start(to->where, what, limits, stop);
  std::fill(headers.begin(), headers.end(), '\0');
  if (!call) co_return call.error().message();
  const auto status = (*call)->head().status;
  if (status != 200) co_return "it answered " + std::to_string(status);
  const auto body = co_await read_body(**call, deadline);
  if (!body) co_return body.error().message();
  co_return providers::read_model_list(*body);
}

}  // namespace spidergate::engine
