#include "attempt.hpp"
#include "backoff.hpp"
#include "verdict.hpp"

#include <spidergate/engine/engine.hpp>
#include <spidergate/runtime/worker.hpp>

#include <algorithm>
#include <utility>

namespace spidergate::engine {

namespace {

constexpr std::int64_t bytes_per_token = 4;

std::int64_t milliseconds_between(steady_time from, steady_time to) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

/// What the provider reported, else an estimate from the bytes that passed, marked so.
model::usage take_usage(attempt_outcome& outcome, const model::inference_request& asked) {
  if (outcome.usage) return *std::move(outcome.usage);
  model::usage guess;
  guess.estimated = true;
  guess.prompt = asked.estimated_prompt_tokens;
  guess.completion = (outcome.content_bytes + bytes_per_token - 1) / bytes_per_token;
  return guess;
}

}  // namespace

/// One run: which candidates and keys are still worth a call, and what became of those that were asked.
class run_state {
 public:
  run_state(engine& owner, const task& what, const options& settings, report& went)
      : owner_(owner),
        what_(what),
        settings_(settings),
        report_(went),
        setting_{.home = owner.home_,
                 .providers = owner.providers_,
                 .tokens = *owner.tokens_,
                 .places = *owner.places_,
                 .what = what,
                 .clocks = settings,
                 .stream = stream_,
                 .fallback_from = {}} {}

  /// Walks the plan: the candidates in order; of each, key after key while keys are at fault, and the retries that are
  /// left for passing trouble.
  awaitable<void> walk() {
    for (; index_ < what_.order.size() && !over(); ++index_) {
      if (skipped(who())) continue;
      used_keys_.clear();
      retries_left_ = what_.retry_count;
      do {
        auto picked = owner_.keys_.pick_now(who().provider->id, what_.brand_id, what_.pool_access, used_keys_);
        if (!picked)
          picked = co_await owner_.keys_.pick(who().provider->id, what_.brand_id, what_.pool_access, used_keys_);
        if (picked->has_error() && !needs_no_key(picked->error())) break;
        const auto& key = picked->has_value() ? **picked : no_key_;
        attempt_outcome outcome;
        begin_attempt();
        co_await make_attempt(setting_, who(), key, outcome);
        end_attempt(key, outcome);
        if (outcome.how != attempt_outcome::ending::failed) {
          finish(outcome);
          co_return;
        }
        const auto wait = after_failure(key, std::move(*outcome.why));
        if (!wait) break;
        if (wait->count() > 0) co_await pause(owner_.home_, *wait, what_.stop);
        // A key that has failed is tried again only when there is no other.
        if (!has_other_key()) used_keys_.clear();
      } while (!over());
    }
    conclude();
  }

 private:
  [[nodiscard]] const router::candidate& candidate(std::size_t index) const { return what_.order[index].what; }
  [[nodiscard]] const router::candidate& who() const { return candidate(index_); }
  [[nodiscard]] steady_time now() const { return owner_.home_.time().steady_now(); }

  [[nodiscard]] bool over() const {
    return given_up_ || what_.stop.stopped() || now() >= what_.deadline || calls_ >= settings_.max_attempts;
  }

  /// After a context-length refusal only larger windows are worth a call.
  [[nodiscard]] bool skipped(const router::candidate& who) const {
    return needed_context_ > 0 && (who.entry == nullptr || who.entry->context <= needed_context_);
  }

  /// There is no key for the candidate: true where its provider wants none.
  [[nodiscard]] bool needs_no_key(vault::no_key why) {
    keys_uncounted_ = keys_uncounted_ || why == vault::no_key::store_unavailable;
    return who().provider->auth == catalogue::auth_style::none && why == vault::no_key::none_configured;
  }

  [[nodiscard]] bool has_other_key() const {
    return owner_.keys_.has_unused(who().provider->id, what_.brand_id, what_.pool_access, used_keys_);
  }

  [[nodiscard]] bool last_resort() const {
    for (auto later = index_ + 1; later < what_.order.size(); ++later) {
      if (!skipped(candidate(later)) && what_.order[later].where != router::standing::down) return false;
    }
    return true;
  }

  /// Nothing when it is the next candidate's turn, else how long to wait before the next call to this one.
  std::optional<std::chrono::milliseconds> after_failure(const vault::lease& key, failure&& failed) {
    constexpr std::chrono::milliseconds at_once{0};
    failures_.push_back(std::move(failed));
    const auto& why = failures_.back();
    if (why.unsupported) --calls_;
    switch (why.next) {
      case next_step::give_up:
      case next_step::stop:
        given_up_ = true;
        return std::nullopt;
      case next_step::larger_window:
        needed_context_ = std::max(needed_context_, who().entry != nullptr ? who().entry->context : 0);
        if (needed_context_ == 0) given_up_ = true;
        return std::nullopt;
      case next_step::other_candidate:
        return std::nullopt;
      case next_step::other_key:
        used_keys_.emplace_back(key.integration_id);
        if (!key.integration_id.empty() && has_other_key()) return at_once;
        return why.rate_limited && last_resort() ? wait_before_retry(why) : std::nullopt;
      case next_step::same_candidate:
        used_keys_.emplace_back(key.integration_id);
        return wait_before_retry(why);
    }
    return std::nullopt;
  }

  std::optional<std::chrono::milliseconds> wait_before_retry(const failure& why) {
    if (retries_left_-- <= 0) return std::nullopt;
    // A key that rests without saying for how long is not worth waiting for.
    if (why.rate_limited && !why.retry_after) return std::nullopt;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(what_.deadline - now());
    return retry_delay(retries_made_++, owner_.jitter_(), why.retry_after, left, !last_resort());
  }

  void begin_attempt() {
    ++calls_;
    begun_ = now();
    setting_.begun_at = owner_.home_.time().epoch_now();
    setting_.attempts = report_.attempts.size() + 1;
    if (index_ > 0 && setting_.fallback_from.empty()) setting_.fallback_from = candidate(0).name();
  }

  void end_attempt(const vault::lease& key, attempt_outcome& outcome) {
    const auto ended = now();
    report_.upstream_time += std::chrono::duration_cast<std::chrono::microseconds>(ended - begun_);
    auto& record = report_.attempts.emplace_back();
    record.provider = who().provider->id;
    record.model = who().model;
    record.integration_id = key.integration_id;
    record.key_label = key.key_label;
    record.started_at = setting_.begun_at;
    record.latency_ms = milliseconds_between(begun_, ended);
    record.status = outcome.status;
    if (outcome.how == attempt_outcome::ending::client_gone) record.error = "client disconnected";
    if (outcome.why && !outcome.why->label.empty())
      record.error = outcome.why->label + (outcome.why->message.empty() ? "" : " ") + outcome.why->message;
    if (outcome.how != attempt_outcome::ending::failed) record.tokens = take_usage(outcome, what_.asked);
    judge(key, outcome);
  }

  /// Tells the key and the breaker what became of the attempt.
  void judge(const vault::lease& key, const attempt_outcome& outcome) {
    using ending = attempt_outcome::ending;
    const bool served = outcome.how == ending::answered || outcome.how == ending::streamed;
    const auto* why = outcome.why ? &*outcome.why : nullptr;
    if (!key.integration_id.empty()) {
      const auto verdict = served           ? vault::key_outcome::success
                           : why != nullptr ? why->key
                                            : vault::key_outcome::neutral;
      owner_.keys_.report(key.integration_id, verdict, why != nullptr ? std::string_view(why->message) : "",
                          why != nullptr ? why->retry_after : std::nullopt);
    }
    if (served) owner_.health_.record(who().name(), true);
    if (!served && why != nullptr && why->counts_for_breaker && why->next != next_step::stop)
      owner_.health_.record(who().name(), false);
  }

  void finish(attempt_outcome& outcome) {
    using ending = attempt_outcome::ending;
    report_.winner = index_;
    report_.fallback_from = std::move(setting_.fallback_from);
    report_.used = report_.attempts.back().tokens;
    report_.first_content_at = outcome.first_content_at;
    report_.dropped_params = std::move(outcome.dropped_params);
    switch (outcome.how) {
      case ending::answered:
        report_.how = report::ending::answered;
        report_.provider_bytes = std::move(outcome.bytes);
        report_.answer = std::move(outcome.answer);
        break;
      case ending::streamed:
        report_.how = report::ending::streamed;
        report_.remainder = std::move(outcome.remainder);
        break;
      case ending::stream_failed:
        failures_.push_back(std::move(*outcome.why));
        report_.how = report::ending::stream_failed;
        report_.error = verdict();
        break;
      default:
        report_.how = report::ending::client_gone;
        if (!outcome.request_sent) report_.used = {};
        break;
    }
  }

  [[nodiscard]] bool deadline_passed() const {
    return what_.stop.why() == runtime::stop_signal::reason::deadline ||
           (!what_.stop.stopped() && now() >= what_.deadline);
  }

  [[nodiscard]] std::unique_ptr<model::api_error> verdict() const {
    return std::make_unique<model::api_error>(verdict_on(failures_, report_.attempts, deadline_passed(), what_.total));
  }

  void conclude() {
    if (what_.stop.why() == runtime::stop_signal::reason::client_gone) {
      report_.how = report::ending::client_gone;
      return;
    }
    const bool nothing_else = failures_.empty() && !deadline_passed();
    report_.error =
        keys_uncounted_ && nothing_else ? std::make_unique<model::api_error>(keys_not_counted()) : verdict();
    report_.how = stream_.opened ? report::ending::stream_failed : report::ending::failed;
  }

  engine& owner_;
  const task& what_;
  const options& settings_;
  report& report_;
  stream_progress stream_;
  attempt_setting setting_;
  const vault::lease no_key_;
  std::size_t index_ = 0;  ///< of the candidate whose turn it is
  std::vector<std::string> used_keys_;
  int retries_left_ = 0;
  steady_time begun_;
  std::vector<failure> failures_;
  std::int64_t needed_context_ = 0;
  int calls_ = 0;
  int retries_made_ = 0;
  bool given_up_ = false;
  bool keys_uncounted_ = false;  // a candidate was left out because the counters could not be asked
};

engine::engine(runtime::worker& home, upstream::client& providers, vault::vault& keys, health_board& health,
               std::function<double()> jitter)
    : home_(home),
      providers_(providers),
      keys_(keys),
      health_(health),
      tokens_(std::make_unique<access_tokens>(home, providers)),
      places_(std::make_unique<destinations>()),
      jitter_(std::move(jitter)) {}
engine::~engine() = default;

awaitable<void> engine::run(const task& what, const options& settings, report& went) {
  run_state state(*this, what, settings, went);
  co_await state.walk();
}

awaitable<void> engine::finish_reading(std::unique_ptr<upstream::call> rest) {
  if (rest == nullptr) co_return;
  constexpr std::chrono::milliseconds patience{50};
  // The end of the body, or whatever else comes: then the call's destructor returns or closes the connection.
  (void)co_await rest->read_some(home_.time().steady_now() + patience);
}

awaitable<std::optional<std::string>> engine::probe(const router::candidate& who, const vault::lease& key,
                                                    const model::inference_request& asked, const options& settings) {
  runtime::stop_signal stop;
  stream_progress stream;
  const std::vector<router::ranked_candidate> order;
  const std::vector<std::pair<std::string, std::string>> no_headers;
  const task what{.asked = asked,
                  .order = order,
                  .brand_id = {},
                  .pool_access = true,
                  .deadline = home_.time().steady_now() + settings.timeout,
                  .total = settings.timeout,
                  .retry_count = 0,
                  .forwarded_headers = no_headers,
                  .stop = stop};
  attempt_setting setting{.home = home_,
                          .providers = providers_,
                          .tokens = *tokens_,
                          .places = *places_,
                          .what = what,
                          .clocks = settings,
                          .stream = stream,
                          .fallback_from = {},
                          .begun_at = home_.time().epoch_now()};
  attempt_outcome outcome;
  co_await make_attempt(setting, who, key, outcome);
  if (outcome.how == attempt_outcome::ending::answered) co_return std::nullopt;
  co_return outcome.why ? outcome.why->label + ": " + outcome.why->message : "interrupted";
}

}  // namespace spidergate::engine
