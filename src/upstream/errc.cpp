#include <spidergate/upstream/errc.hpp>

#include <string>

namespace spidergate::upstream {
namespace {

class upstream_category final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "upstream"; }
  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::resolve_failed:
        return "the provider's name has no address";
      case errc::address_refused:
        return "the provider's address is private, which this credential may not use";
      case errc::connect_failed:
        return "no address of the provider accepted the connection";
      case errc::connect_timeout:
        return "connecting to the provider took too long";
      case errc::tls_failed:
        return "the TLS handshake or the certificate of the provider failed";
      case errc::tls_timeout:
        return "the TLS handshake with the provider took too long";
      case errc::write_failed:
        return "the request could not be sent whole";
      case errc::write_timeout:
        return "the provider did not read the request in time";
      case errc::head_timeout:
        return "the provider did not begin to answer in time";
      case errc::bad_response:
        return "the provider's answer is not valid HTTP/1.1";
      case errc::closed_early:
        return "the provider closed the connection before its answer was complete";
      case errc::read_timeout:
        return "the provider's answer stalled";
      case errc::too_many_connections:
        return "all connections to the provider are busy";
      case errc::cancelled:
        return "the call was cancelled";
    }
    return "unknown upstream error";
  }
};

}  // namespace

const boost::system::error_category& category() noexcept {
  static const upstream_category instance;
  return instance;
}

}  // namespace spidergate::upstream
