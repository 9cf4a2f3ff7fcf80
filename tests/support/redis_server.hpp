#pragma once
#include "temporary_directory.hpp"
#include "tls_certificate.hpp"

#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <hiredis/hiredis.h>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace spidergate::testing {

/// A real Redis on a free port of 127.0.0.1, without persistence; it dies with the test. Made by the main thread.
class redis_server {
 public:
  struct settings {
    std::string password;
    bool tls = false;  ///< with a certificate of its own for 127.0.0.1; ca_file() names it
  };

  redis_server() : redis_server(settings()) {}
  explicit redis_server(settings wanted) : wanted_(std::move(wanted)), port_(free_port()) {
    if (wanted_.tls) write_certificate();
    start();
  }
  ~redis_server() { kill(); }
  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;

  [[nodiscard]] std::string url(int database = 0) const {
    return std::string(wanted_.tls ? "rediss" : "redis") + "://" +
           (wanted_.password.empty() ? "" : ":" + wanted_.password + "@") + "127.0.0.1:" + std::to_string(port_) + "/" +
           std::to_string(database);
  }
  [[nodiscard]] std::string ca_file() const { return directory_.file("certificate.pem"); }

  /// SIGSTOP: connections stay, answers do not come.
  void freeze() { ::kill(*child_, SIGSTOP); }
  void thaw() { ::kill(*child_, SIGCONT); }
  void kill() {
    if (!child_) return;
    ::kill(*child_, SIGKILL);
    ::waitpid(*child_, nullptr, 0);
    child_.reset();
    control_.reset();
  }
  /// An empty one on the same port.
  void restart() {
    kill();
    start();
  }

  /// One command over a connection of its own: the answer as text, a list's items in lines.
  std::string ask(const std::vector<std::string>& words) {
    std::vector<const char*> starts;
    std::vector<std::size_t> sizes;
    for (const auto& word : words) {
      starts.push_back(word.data());
      sizes.push_back(word.size());
    }
    const reply_ptr answer(static_cast<redisReply*>(
        redisCommandArgv(control_.get(), static_cast<int>(words.size()), starts.data(), sizes.data())));
    if (!answer) throw std::runtime_error(std::string("redis-server: ") + control_->errstr);
    return text_of(*answer);
  }
  /// The same for an answer of packed numbers; none when it is nil.
  std::vector<std::int64_t> ask_numbers(const std::vector<std::string>& words) {
    const auto packed = ask(words);
    std::vector<std::int64_t> numbers;
    for (std::size_t at = 0; at + sizeof(double) <= packed.size(); at += sizeof(double)) {
      double number = 0;
      std::memcpy(&number, packed.data() + at, sizeof number);
      numbers.push_back(static_cast<std::int64_t>(number));
    }
    return numbers;
  }

 private:
  struct reply_deleter {
    void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
  };
  using reply_ptr = std::unique_ptr<redisReply, reply_deleter>;
  struct context_deleter {
    void operator()(redisContext* context) const noexcept { redisFree(context); }
  };

  static std::string text_of(const redisReply& reply) {
    if (reply.type == REDIS_REPLY_INTEGER) return std::to_string(reply.integer);
    if (reply.type == REDIS_REPLY_ARRAY) {
      std::string lines;
      for (std::size_t i = 0; i < reply.elements; ++i) lines += text_of(*reply.element[i]) + "\n";
      return lines;
    }
    return reply.str == nullptr ? std::string() : std::string(reply.str, static_cast<std::size_t>(reply.len));
  }

  static int free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool bound = ::bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                       ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(probe);
    if (!bound) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
  }

  void write_certificate() const {
    const tls_certificate made("IP:127.0.0.1");
    std::ofstream(ca_file()) << made.pem();
    std::ofstream(directory_.file("key.pem")) << made.key_pem();
  }

  [[nodiscard]] std::vector<std::string> arguments() const {
    const auto port = std::to_string(port_);
    // The test talks to it over a socket file, which needs neither TLS nor a free port.
    std::vector<std::string> words{"redis-server",
                                   "--bind",
                                   "127.0.0.1",
                                   "--save",
                                   "",
                                   "--appendonly",
                                   "no",
                                   "--dir",
                                   directory_.path().string(),
                                   "--unixsocket",
                                   directory_.file("control"),
                                   "--port",
                                   wanted_.tls ? "0" : port,
                                   "--loglevel",
                                   "warning"};
    if (wanted_.tls) {
      words.insert(words.end(), {"--tls-port", port, "--tls-cert-file", ca_file(), "--tls-key-file",
                                 directory_.file("key.pem"), "--tls-auth-clients", "no"});
    }
    if (!wanted_.password.empty()) words.insert(words.end(), {"--requirepass", wanted_.password});
    return words;
  }

  void start() {
    auto words = arguments();
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const auto log = directory_.file("log");
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("fork failed");
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      ::dup2(out, STDOUT_FILENO);
      ::dup2(out, STDERR_FILENO);
      ::execvp(argv[0], argv.data());
      ::_exit(127);
    }
    child_ = child;
    wait_until_it_answers();
  }

  void wait_until_it_answers() {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < give_up) {
      control_.reset(redisConnectUnix(directory_.file("control").c_str()));
      if (control_ && control_->err == 0) {
        if (!wanted_.password.empty()) ask({"AUTH", wanted_.password});
        if (ask({"PING"}) == "PONG") return;
      }
      if (::waitpid(*child_, nullptr, WNOHANG) != 0) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    std::ifstream log(directory_.file("log"));
    throw std::runtime_error("redis-server did not start: " + std::string(std::istreambuf_iterator<char>(log), {}));
  }

  settings wanted_;
  temporary_directory directory_;
  int port_;
  std::optional<pid_t> child_;
  std::unique_ptr<redisContext, context_deleter> control_;
};

}  // namespace spidergate::testing
