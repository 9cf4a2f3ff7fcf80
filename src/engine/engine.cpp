#include "attempt.hpp"
#include "backoff.hpp"
#include "verdict.hpp"

#include <spidergate/engine/engine.hpp>
#include <spidergate/runtime/worker.hpp>

#include <algorithm>

namespace spidergate::engine {

namespace {

constexpr std::int64_t bytes_per_token = 4;

std::int64_t milliseconds_between(steady_time from, steady_time to) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

/// What the provider reported, else an estimate from the bytes that passed, marked so.
model::usage usage_of(const attempt_outcome& outcome, const model::inference_request& asked) {
  if (outcome.usage) return *outcome.usage;
  model::usage guess;
  guess.estimated = true;
  guess.prompt = asked.estimated_prompt_tokens;
  guess.completion = (outcome.content_bytes + bytes_per_token - 1) / bytes_per_token;
  return guess;
}

}  // namespace

/// One run: walks the plan, remembers what failed and which keys were used.
class run_state {
 public:
  run_state(engine& owner, const task& what, const options& settings)
      : owner_(owner),
        what_(what),
        settings_(settings),
        setting_{.home = owner.home_,
                 .providers = owner.providers_,
                 .tokens = *owner.tokens_,
                 .what = what,
                 .clocks = settings,
                 .stream = stream_,
                 .head = {}} {}

  awaitable<report> walk() {
    for (std::size_t i = 0; i < what_.order.size() && !over(); ++i) {
      if (skipped(what_.order[i].what)) continue;
      if (co_await try_candidate(i)) co_return std::move(report_);
    }
    conclude();
    co_return std::move(report_);
  }

 private:
  [[nodiscard]] const router::candidate& candidate(std::size_t index) const { return what_.order[index].what; }
  [[nodiscard]] steady_time now() const { return owner_.home_.time().steady_now(); }

  [[nodiscard]] bool over() const {
    return given_up_ || what_.stop.stopped() || now() >= what_.deadline || calls_ >= settings_.max_attempts;
  }

  /// After a context-length refusal only larger windows are worth a call.
  [[nodiscard]] bool skipped(const router::candidate& who) const {
    return needed_context_ > 0 && (who.entry == nullptr || who.entry->context <= needed_context_);
  }

  /// Attempts on one candidate: key after key while keys are at fault, the retries that are left for passing trouble.
  /// True when the run is decided.
  awaitable<bool> try_candidate(std::size_t index) {
    std::vector<std::string> used_keys;
    int retries_left = what_.retry_count;
    while (!over()) {
      auto key = co_await lease_for(candidate(index), used_keys);
      if (!key) co_return false;
      auto outcome = co_await attempt(index, *key);
      if (outcome.how != attempt_outcome::ending::failed) {
        finish(index, std::move(outcome));
        co_return true;
      }
      failures_.push_back(outcome.why);
      if (outcome.why.unsupported) --calls_;
      const auto& why = failures_.back();
      switch (why.next) {
        case next_step::give_up:
        case next_step::stop:
          given_up_ = true;
          co_return false;
        case next_step::larger_window:
          needed_context_ =
              std::max(needed_context_, candidate(index).entry != nullptr ? candidate(index).entry->context : 0);
          if (needed_context_ == 0) given_up_ = true;
          co_return false;
        case next_step::other_candidate:
          co_return false;
        case next_step::other_key:
          used_keys.push_back(key->integration_id);
          if (key->integration_id.empty() || !has_other_key(index, used_keys)) {
            if (!why.rate_limited || !last_resort(index) || retries_left-- <= 0 ||
                !co_await wait_before_retry(index, why))
              co_return false;
            used_keys.clear();
          }
          break;
        case next_step::same_candidate:
          if (retries_left-- <= 0 || !co_await wait_before_retry(index, why)) co_return false;
          used_keys.push_back(key->integration_id);
          if (!has_other_key(index, used_keys)) used_keys.clear();
          break;
      }
    }
    co_return false;
  }

  /// A key for the candidate, or an empty lease where its provider needs none.
  awaitable<std::optional<vault::lease>> lease_for(const router::candidate& who,
                                                   const std::vector<std::string>& used_keys) {
    auto key = co_await owner_.keys_.pick(who.provider->id, std::string(what_.brand_id), what_.pool_access, used_keys);
    if (key) co_return std::move(*key);
    keys_uncounted_ = keys_uncounted_ || key.error() == vault::no_key::store_unavailable;
    if (who.provider->auth == catalogue::auth_style::none && key.error() == vault::no_key::none_configured)
      co_return vault::lease{};
    co_return std::nullopt;
  }

  [[nodiscard]] bool has_other_key(std::size_t index, const std::vector<std::string>& used_keys) const {
    return owner_.keys_.has_unused(candidate(index).provider->id, what_.brand_id, what_.pool_access, used_keys);
  }

  [[nodiscard]] bool last_resort(std::size_t index) const {
    for (auto later = index + 1; later < what_.order.size(); ++later) {
      if (!skipped(candidate(later)) && what_.order[later].where != router::standing::down) return false;
    }
    return true;
  }

  awaitable<bool> wait_before_retry(std::size_t index, const failure& why) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(what_.deadline - now());
    // A key that rests without saying for how long is not worth waiting for.
    if (why.rate_limited && !why.retry_after) co_return false;
    const auto delay = retry_delay(retries_made_++, owner_.jitter_(), why.retry_after, left, !last_resort(index));
    if (!delay) co_return false;
    co_await pause(owner_.home_, *delay, what_.stop);
    co_return !over();
  }

  awaitable<attempt_outcome> attempt(std::size_t index, const vault::lease& key) {
    const auto& who = candidate(index);
    const auto begun = now();
    ++calls_;
    model::attempt record{.provider = who.provider->id,
                          .model = who.model,
                          .integration_id = key.integration_id,
                          .key_label = key.key_label,
                          .started_at = owner_.home_.time().epoch_now()};
    setting_.head = {.provider = record.provider,
                     .model = record.model,
                     .fallback_from = index == 0 ? std::string() : candidate(0).name(),
                     .attempts = report_.attempts.size() + 1,
                     .dropped_params = {},
                     .content_type = {}};
    auto outcome = co_await make_attempt(setting_, who, key);
    const auto ended = now();
    report_.upstream_time += std::chrono::duration_cast<std::chrono::microseconds>(ended - begun);
    record.latency_ms = milliseconds_between(begun, ended);
    record.status = outcome.status;
    if (outcome.how == attempt_outcome::ending::client_gone) record.error = "client disconnected";
    if (!outcome.why.label.empty())
      record.error = outcome.why.label + (outcome.why.message.empty() ? "" : " " + outcome.why.message);
    if (outcome.how != attempt_outcome::ending::failed) record.tokens = usage_of(outcome, what_.asked);
    judge(who, key, outcome);
    report_.attempts.push_back(std::move(record));
    co_return outcome;
  }

  /// Tells the key and the breaker what became of the attempt.
  void judge(const router::candidate& who, const vault::lease& key, const attempt_outcome& outcome) {
    using ending = attempt_outcome::ending;
    const bool served = outcome.how == ending::answered || outcome.how == ending::streamed;
    const auto verdict = served ? vault::key_outcome::success : outcome.why.key;
    if (!key.integration_id.empty())
      owner_.keys_.report(key.integration_id, verdict, outcome.why.message, outcome.why.retry_after);
    if (served) owner_.health_.record(who.name(), true);
    if (!served && outcome.why.counts_for_breaker && outcome.why.next != next_step::stop)
      owner_.health_.record(who.name(), false);
  }

  void finish(std::size_t index, attempt_outcome outcome) {
    using ending = attempt_outcome::ending;
    report_.winner = index;
    if (index > 0) report_.fallback_from = candidate(0).name();
    report_.used = usage_of(outcome, what_.asked);
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
        failures_.push_back(std::move(outcome.why));
        report_.how = report::ending::stream_failed;
        report_.error = verdict_on(failures_, report_.attempts, deadline_passed(), what_.total);
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

  void conclude() {
    if (what_.stop.why() == runtime::stop_signal::reason::client_gone) {
      report_.how = report::ending::client_gone;
      return;
    }
    const bool nothing_else = failures_.empty() && !deadline_passed();
    report_.error = keys_uncounted_ && nothing_else
                        ? keys_not_counted()
                        : verdict_on(failures_, report_.attempts, deadline_passed(), what_.total);
    report_.how = stream_.opened ? report::ending::stream_failed : report::ending::failed;
  }

  engine& owner_;
  const task& what_;
  const options& settings_;
  stream_progress stream_;
  attempt_setting setting_;
  report report_;
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
      jitter_(std::move(jitter)) {}
engine::~engine() = default;

awaitable<report> engine::run(const task& what, const options& settings) {
  run_state state(*this, what, settings);
  co_return co_await state.walk();
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
                          .what = what,
                          .clocks = settings,
                          .stream = stream,
                          .head = {}};
  auto outcome = co_await make_attempt(setting, who, key);
  if (outcome.how == attempt_outcome::ending::answered) co_return std::nullopt;
  co_return outcome.why.label + ": " + outcome.why.message;
}

}  // namespace spidergate::engine
