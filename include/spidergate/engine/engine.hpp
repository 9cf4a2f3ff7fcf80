#pragma once
#include <spidergate/engine/health_board.hpp>
#include <spidergate/model/api_error.hpp>
#include <spidergate/model/receipt.hpp>
#include <spidergate/providers/dialect.hpp>
#include <spidergate/router/router.hpp>
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/stop_signal.hpp>
#include <spidergate/upstream/client.hpp>
#include <spidergate/vault/vault.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spidergate::runtime {
class worker;
}

namespace spidergate::engine {

/// The six clocks, the retries and the bounds (config `engine`).
struct options {
  std::chrono::milliseconds timeout{120'000};               ///< clock "total": the whole request
  std::chrono::milliseconds connect_timeout{5'000};         ///< clock "connect"
  std::chrono::milliseconds tls_timeout{5'000};             ///< clock "tls"
  std::chrono::milliseconds first_byte_timeout{60'000};     ///< clock "response_head"
  std::chrono::milliseconds first_content_timeout{60'000};  ///< clock "first_content", from the response head
  std::chrono::milliseconds stream_idle_timeout{120'000};   ///< clock "stream_idle", between contents
  std::chrono::milliseconds stream_keep_alive{15'000};      ///< silence that is filled with a comment
  int retry_count = 1;
  int max_attempts = 8;
  std::size_t max_answer_bytes = 64U << 20U;        ///< of a whole answer
  std::size_t max_uncommitted_bytes = 256U << 10U;  ///< frames held back before the first content
  bool allow_private_base_urls = false;
};

/// Where a stream goes. The api room implements it over HTTP; tests collect with it.
class response_sink {
 public:
  virtual ~response_sink() = default;

  /// What is known when the stream's head is due. With `early` set the head is due because of silence, before any
  /// provider has produced content: who will serve is not known yet.
  struct opening {
    std::string provider, model;
    std::string fallback_from;  ///< "provider/model" of the first choice, when another serves
    std::size_t attempts = 0;
    std::vector<std::string> dropped_params;
    std::string content_type;  ///< empty: server-sent events; else bytes that nothing may be added to
    bool early = false;
  };
  /// Called once, before the first write.
  virtual void open(const opening& head) = 0;
  /// Sends whole SSE frames, or bytes as they came. A failure means that the client has gone or does not read.
  virtual awaitable<result<void>> write(std::string_view frames) = 0;
};

/// What to carry out.
struct task {
  const model::inference_request& asked;
  const std::vector<router::ranked_candidate>& order;
  std::string_view brand_id;
  bool pool_access = true;
  steady_time deadline;             ///< clock "total"
  std::chrono::milliseconds total;  ///< the same as a duration, for messages
  int retry_count = 1;
  const std::vector<std::pair<std::string, std::string>>& forwarded_headers;
  runtime::stop_signal& stop;
  std::optional<std::int64_t> clamped_max_tokens = std::nullopt;  ///< what the budget pays for, see encode_input
  std::string_view request_id = {};                               ///< ours
  response_sink* sink = nullptr;  ///< where a streamed answer goes; set exactly when asked.stream
};

/// How it went.
struct report {
  enum class ending : std::uint8_t {
    answered,       ///< `answer` is the whole answer, perhaps to a question that asked for a stream
    streamed,       ///< a good stream has been written, all but the "[DONE]" of events
    failed,         ///< nothing of an answer has been sent: `error`
    stream_failed,  ///< the stream has begun and died: `error` goes out as the last frame of events
    client_gone,    ///< the client left; what was produced is in `used`
  };
  ending how = ending::failed;

  std::string provider_bytes;       ///< what `answer` points into
  providers::client_answer answer;  ///< with answered

  std::unique_ptr<model::api_error> error;  ///< with failed and stream_failed
  model::usage used;
  std::optional<std::size_t> winner;  ///< index into task.order of who produced the answer
  std::string fallback_from;          ///< of the first choice, when another served
  std::vector<model::attempt> attempts;
  std::vector<std::string> dropped_params;
  std::chrono::microseconds upstream_time{0};  ///< spent waiting for providers
  std::optional<steady_time> first_content_at;
  std::unique_ptr<upstream::call>
      remainder;  ///< with streamed: give it to finish_reading() once the client has its answer
};

class access_tokens;
class destinations;

/// Carries out a plan on one worker: attempts, failover, retries, clocks, and the relay of streams. Worker thread only.
class engine {
 public:
  engine(runtime::worker& home, upstream::client& providers, vault::vault& keys, health_board& health,
         std::function<double()> jitter);
  ~engine();

  /// Tries the candidates in order until one serves (spec 10), and fills in `went`. Never throws for what a provider
  /// does. `what`, all that it refers to, `settings` and `went` outlive the call.
  awaitable<void> run(const task& what, const options& settings, report& went);

  /// Reads what a finished stream's connection still holds, briefly, so that it can be used again.
  awaitable<void> finish_reading(std::unique_ptr<upstream::call> rest);

  /// One call without failover, counting and breaker, for `provider test`: what went wrong, or nothing.
  awaitable<std::optional<std::string>> probe(const router::candidate& who, const vault::lease& key,
                                              const model::inference_request& asked, const options& settings);

 private:
  friend class run_state;
  runtime::worker& home_;
  upstream::client& providers_;
  vault::vault& keys_;
  health_board& health_;
  std::unique_ptr<access_tokens> tokens_;
  std::unique_ptr<destinations> places_;
  std::function<double()> jitter_;  ///< uniform in [0, 1): the back-off's randomness
};

}  // namespace spidergate::engine
