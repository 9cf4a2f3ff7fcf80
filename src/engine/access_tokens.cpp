#include "access_tokens.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/runtime/worker.hpp>

#include <algorithm>
#include <utility>

namespace spidergate::engine {

namespace {

constexpr std::size_t max_answer_bytes = 65'536;
constexpr std::size_t reader_padding = 64;
constexpr std::chrono::seconds patience{30};        // of one exchange
constexpr std::chrono::seconds renewal_pause{10};   // after one that failed
constexpr std::chrono::seconds longest_ahead{300};  // before its end a token is renewed
constexpr std::chrono::seconds way_time{10};        // a token must live long enough to arrive
constexpr std::chrono::seconds least_validity{20};  // of one whose issuer names no time, or one too short to be true

void wipe(std::string& text) {
  std::fill(text.begin(), text.end(), '\0');
  text.clear();
}

owned_failure key_cannot_be_exchanged(std::string message) {
  auto f = std::make_unique<failure>();
  f->next = next_step::other_key;
  f->key = vault::key_outcome::invalid_credentials;
  f->credentials_refused = true;
  f->label = "access token";
  f->message = std::move(message);
  return f;
}

/// At the token endpoint a refusal is about the credential, not about the client's request.
owned_failure from_token_endpoint(const providers::provider_error& said) {
  using providers::error_class;
  auto f = from_provider(said);
  const bool keys_fault = said.kind == error_class::request_fault || said.kind == error_class::context_length ||
                          said.kind == error_class::no_such_model || said.kind == error_class::invalid_credentials;
  if (keys_fault) f = key_cannot_be_exchanged({});
  f->status = said.status;
  f->label = "access token" + (said.status != 0 ? " " + std::to_string(said.status) : std::string());
  f->message = "The provider's token endpoint refused the credential: " + said.message;
  return f;
}

owned_failure waited_in_vain(const runtime::stop_signal& stop) {
  auto f = std::make_unique<failure>();
  f->next = stop.stopped() ? next_step::stop : next_step::same_candidate;
  f->label = "clock access_token";
  f->message = "no access token in time";
  return f;
}

crypto::sha256_digest owner_of(const access_tokens::asking& in) {
  std::string text(in.issuer.name());
  for (const auto part : {std::string_view(in.who.id), std::string_view(in.who.token_url),
                          std::string_view(in.key.integration_id), in.key.credentials.reveal()}) {
    text.append("\n").append(std::to_string(part.size())).append(":").append(part);
  }
  const auto digest = crypto::sha256(text);
  wipe(text);
  return digest;
}

}  // namespace

struct access_tokens::entry {
  secret_string token;
  steady_time expires_at{}, renew_at{}, last_used{};
  bool under_way = false;
  std::optional<failure> why;                 ///< of the last exchange, when it failed
  std::vector<runtime::wait_point*> waiting;  ///< owned by the coroutines that wait
};

/// One exchange on its way. It belongs to nobody's request: who began it may leave.
struct access_tokens::fetching {
  shared_entry of;
  const providers::dialect& issuer;
  providers::token_request request;
  upstream::parsed_url to;
  upstream::clocks clocks;

  fetching(shared_entry e, const providers::dialect& with, providers::token_request r, upstream::parsed_url url)
      : of(std::move(e)), issuer(with), request(std::move(r)), to(std::move(url)) {}
  fetching(const fetching&) = delete;
  fetching& operator=(const fetching&) = delete;
  ~fetching() {
    wipe(request.body);
    wipe(request.headers);
  }
};

access_tokens::access_tokens(runtime::worker& home, upstream::client& providers) : home_(home), providers_(providers) {}
access_tokens::~access_tokens() = default;

bool access_tokens::serves(const entry& of) const {
  return !of.token.empty() && home_.time().steady_now() < of.expires_at;
}

bool access_tokens::is_sent_itself(const providers::dialect& issuer, const catalogue::provider& who,
                                   const providers::credential& secret) const {
  if (!who.token_url.empty()) return false;
  const auto wanted = issuer.ask_token(who, secret, home_.time().epoch_now());
  return wanted && !*wanted;
}

awaitable<access_tokens::outcome> access_tokens::get(asking in) {
  // Without an address for it no credential is ever exchanged: asking tells whether it would have to be.
  if (in.who.token_url.empty()) {
    const auto wanted = in.issuer.ask_token(in.who, in.secret, home_.time().epoch_now());
    if (wanted && !*wanted) co_return outcome{};
    co_return outcome{{}, key_cannot_be_exchanged(wanted ? "the provider has no token_url" : wanted.error().message)};
  }
  const auto owner = owner_of(in);
  auto& place = held_[owner];
  if (!place) place = std::make_shared<entry>();
  const auto mine = place;
  mine->last_used = home_.time().steady_now();
  make_room();

  const bool had_one = serves(*mine);
  if (!mine->under_way && (!had_one || home_.time().steady_now() >= mine->renew_at)) {
    auto wanted = begin_fetch(in, mine);
    if (wanted && !had_one) {
      if (!mine->under_way && mine->waiting.empty()) held_.erase(owner);
      co_return wanted->label.empty() ? outcome{} : outcome{{}, std::move(wanted)};
    }
  }
  if (had_one) co_return outcome{issued{mine->token, false, owner}, {}};

  runtime::wait_point arrival(home_);
  mine->waiting.push_back(&arrival);
  {
    const runtime::stop_signal::on_stop interrupt(in.stop,
                                                  [&arrival] { arrival.release(asio::error::operation_aborted); });
    if (!in.stop.stopped())
      (void)co_await arrival.wait(std::min(in.clocks.total, home_.time().steady_now() + patience));
  }
  std::erase(mine->waiting, &arrival);
  if (home_.time().steady_now() >= in.clocks.total) in.stop.stop(runtime::stop_signal::reason::deadline);
  if (!in.stop.stopped() && serves(*mine)) co_return outcome{issued{mine->token, true, owner}, {}};
  if (!in.stop.stopped() && !mine->under_way && mine->why) co_return outcome{{}, std::make_unique<failure>(*mine->why)};
  co_return outcome{{}, waited_in_vain(in.stop)};
}

/// Starts an exchange. What it gives back is why there is none: a failure, or one without a label where the credential
/// is sent as it is.
owned_failure access_tokens::begin_fetch(const asking& in, const shared_entry& of) {
  auto wanted = in.issuer.ask_token(in.who, in.secret, home_.time().epoch_now());
  if (!wanted) return key_cannot_be_exchanged(wanted.error().message);
  if (!*wanted) return std::make_unique<failure>();
  const auto allowed = upstream::parse_url(in.who.token_url);
  auto to = upstream::parse_url((*wanted)->url);
  // The credential goes where the catalogue or the operator say, whatever a credential says of itself.
  if (!allowed || !to || !(to->where == allowed->where))
    return key_cannot_be_exchanged("the credential names another token endpoint than the provider's own");
  to->where.allow_private = true;
  const auto what = std::make_shared<fetching>(of, in.issuer, std::move(**wanted), std::move(*to));
  what->clocks = in.clocks;
  what->clocks.total = home_.time().steady_now() + patience;
  of->under_way = true;
  home_.spawn([this, what] { return fetch(what); });
  return nullptr;
}

awaitable<void> access_tokens::fetch(std::shared_ptr<fetching> what) {
  auto came = co_await exchange(*what);
  auto& of = *what->of;
  const auto now = home_.time().steady_now();
  of.under_way = false;
  if (came) {
    const std::chrono::milliseconds lives = std::max(came->valid_for, least_validity);
    of.expires_at = now + lives - std::min<std::chrono::milliseconds>(way_time, lives / 20);
    of.renew_at = now + lives - std::min<std::chrono::milliseconds>(longest_ahead, lives / 10);
    of.token = std::move(came->token);
    of.why.reset();
  } else {
    of.renew_at = now + renewal_pause;
    of.why = came.error();
  }
  for (auto* one : of.waiting) one->release();
}

awaitable<boost::system::result<providers::access_token, failure>> access_tokens::exchange(fetching& what) {
  auto headers = std::move(what.request.headers);
  if (!what.request.content_type.empty())
    headers.append("content-type: ").append(what.request.content_type).append("\r\n");
  const std::string_view body = what.request.body;
  const auto target = what.to.path.empty() ? std::string("/") : what.to.path;
  upstream::client::canceller nobody;
  auto started = co_await providers_.start(what.to.where, {"POST", target, headers, {&body, 1}}, what.clocks, nobody);
  wipe(headers);
  if (!started) co_return *from_transport(started.error(), "access_token");

  auto& call = **started;
  std::string answer;
  answer.reserve(max_answer_bytes + reader_padding);  // never moved: it holds the token
  while (true) {
    const auto piece = co_await call.read_some(what.clocks.total);
    if (!piece) co_return *from_transport(piece.error(), "access_token");
    if (piece->empty()) break;
    if (answer.size() + piece->size() > max_answer_bytes)
      co_return *unparsable("the token endpoint's answer is larger than this gateway accepts");
    answer.append(*piece);
  }
  auto read = what.issuer.read_token(call.head().status, answer);
  wipe(answer);
  if (!read) co_return *from_token_endpoint(read.error());
  if (read->token.empty()) co_return *unparsable("the token endpoint answered without a token");
  co_return std::move(*read);
}

void access_tokens::drop(const issued& which) {
  const auto found = held_.find(which.owner);
  if (found == held_.end()) return;
  if (equal_constant_time(found->second->token.reveal(), which.token.reveal())) found->second->token = secret_string();
}

void access_tokens::make_room() {
  while (held_.size() > capacity) {
    auto oldest = held_.end();
    for (auto it = held_.begin(); it != held_.end(); ++it) {
      const bool needed = it->second->under_way || !it->second->waiting.empty();
      if (!needed && (oldest == held_.end() || it->second->last_used < oldest->second->last_used)) oldest = it;
    }
    if (oldest == held_.end()) return;
    held_.erase(oldest);
  }
}

}  // namespace spidergate::engine
