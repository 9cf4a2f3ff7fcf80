#include "worker_house.hpp"

#include <spidergate/telemetry/metrics.hpp>

#include <future>
#include <random>

namespace spidergate::app {

namespace {

/// Two of them lie ready and touched for each worker, however idle it is: room for some 7,000 receipts.
constexpr std::size_t spool_segment_bytes = 1U << 20U;

std::function<double()> jitter() {
  return [generator = std::mt19937_64(std::random_device{}()),
          uniform = std::uniform_real_distribution<double>(0.0, 1.0)]() mutable { return uniform(generator); };
}

http::listener::options listen_on(const listen_address& where, bool admin, const shared_rooms& shared) {
  return {.address = where.host,
          .port = where.port,
          .admin = admin,
          .limits = shared.plan.http,
          .tls = shared.server_tls,
          .end_keep_alive = &shared.end_keep_alive};
}

}  // namespace

worker_house::worker_house(std::size_t index, shared_rooms& shared)
    : shared_(shared),
      worker_(index, shared.time),
      spool_(shared.plan.data_dir + "/spool", index, spool_segment_bytes, spool_max_bytes),
      tokens_(shared.state.tokens(), shared.lockout, &shared.tokens_too_old),
      providers_(std::make_unique<upstream::client>(worker_, shared.resolver, shared.client_tls, shared.plan.upstream)),
      engine_(std::make_unique<engine::engine>(worker_, *providers_, shared.keys, shared.health, jitter())) {
  shared.ledger.attach(spool_);
  gateway_ = std::make_unique<api::gateway>(api::services{.home = worker_,
                                                          .house = {.home = worker_,
                                                                    .time = shared.time,
                                                                    .limits = shared.limits,
                                                                    .health = shared.health,
                                                                    .keys = shared.keys,
                                                                    .engine = *engine_,
                                                                    .spool = spool_,
                                                                    .callbacks = shared.callbacks,
                                                                    .known_names = known_names_},
                                                          .tokens = tokens_,
                                                          .proxies = shared.proxies,
                                                          .routing = shared.state.routing(),
                                                          .engine_settings = shared.engine_settings,
                                                          .forwarded_header_names = shared.forwarded_headers,
                                                          .ledger = shared.ledger,
                                                          .database = shared.database,
                                                          .shared = shared.api});
  public_ = std::make_unique<http::listener>(worker_, listen_on(shared.plan.listen, false, shared), *gateway_,
                                             shared.connections);
  admin_ = std::make_unique<http::listener>(worker_, listen_on(shared.plan.admin_listen, true, shared), *gateway_,
                                            shared.connections);
}

worker_house::~worker_house() {
  stop();
}

boost::system::result<void, std::string> worker_house::open() {
  const auto fault = [](const listen_address& where, const error_code& code) {
    return "Cannot listen on " + where.host + ":" + std::to_string(where.port) + ": " + code.message() + ".";
  };
  if (const auto opened = public_->open(); !opened) return fault(shared_.plan.listen, opened.error());
  if (const auto opened = admin_->open(); !opened) return fault(shared_.plan.admin_listen, opened.error());
  return {};
}

void worker_house::start() {
  worker_.post([index = worker_.index()] { telemetry::count_as_worker(index); });
  worker_.start();
}

std::uint16_t worker_house::public_port() const {
  return public_->port();
}
std::uint16_t worker_house::admin_port() const {
  return admin_->port();
}

void worker_house::drain() {
  worker_.post([this] {
    public_->drain();
    admin_->drain();
    providers_->drain();
  });
}

void worker_house::close_all() {
  worker_.post([this] {
    public_->close_all();
    admin_->close_all();
  });
}

std::size_t worker_house::open_connections() {
  std::promise<std::size_t> counted;
  worker_.post([this, &counted] { counted.set_value(public_->open_connections() + admin_->open_connections()); });
  return counted.get_future().get();
}

void worker_house::stop() {
  worker_.stop();
}

}  // namespace spidergate::app
