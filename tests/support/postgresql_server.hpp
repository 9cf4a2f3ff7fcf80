#pragma once
#include "temporary_directory.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sstream>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace spidergate::testing {

/// A real PostgreSQL of its own on 127.0.0.1, without passwords and without syncing to disk, ended with this object or
/// with the process that made it. Runs as the user "postgres" when the tests run as root, which PostgreSQL refuses.
class postgresql_server {
 public:
  /// `settings` are lines of postgresql.conf. Throws std::runtime_error, also when PostgreSQL is not installed.
  explicit postgresql_server(std::string settings = {}) : port_(free_port()) {
    std::filesystem::permissions(home_.path(), std::filesystem::perms::owner_all);
    if (const auto* who = owner(); ::geteuid() == 0 && ::chown(home_.path().c_str(), who->pw_uid, who->pw_gid) != 0) {
      throw std::runtime_error("the data directory cannot be given to the user postgres");
    }
    const auto made = wait(run({program("initdb"), "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C",
                                "--username=postgres", "--pgdata=" + data()}));
    if (made != 0) throw std::runtime_error("initdb failed:\n" + log());
    std::ofstream(data() + "/postgresql.conf", std::ios::app)
        << "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\nfull_page_writes = off\n"
           "shared_buffers = 32MB\nmax_connections = 60\nlog_min_messages = fatal\n"
        << settings << '\n';
    start();
  }
  ~postgresql_server() {
    thaw();
    stop(SIGQUIT);
  }
  postgresql_server(const postgresql_server&) = delete;
  postgresql_server& operator=(const postgresql_server&) = delete;

  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] std::string url(const std::string& database = "postgres") const {
    return "postgresql://postgres@127.0.0.1:" + std::to_string(port_) + '/' + database;
  }

  void start() {
    postmaster_ = run({program("postgres"), "-D", data(), "-p", std::to_string(port_)});
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!ready()) {
      if (std::chrono::steady_clock::now() > give_up || ::waitpid(postmaster_, nullptr, WNOHANG) != 0) {
        throw std::runtime_error("PostgreSQL does not start:\n" + log());
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  /// SIGQUIT: at once, as if it had crashed. SIGINT: in order.
  void stop(int signal) {
    if (postmaster_ <= 0) return;
    ::kill(postmaster_, signal);
    (void)wait(std::exchange(postmaster_, 0));
  }
  /// Stops all its processes, so that it accepts connections and answers nothing, as a machine in trouble does.
  void freeze() {
    ::kill(postmaster_, SIGSTOP);
    frozen_ = children_of(postmaster_);
    for (const auto one : frozen_) ::kill(one, SIGSTOP);
  }
  void thaw() {
    for (const auto one : std::exchange(frozen_, {})) ::kill(one, SIGCONT);
    if (postmaster_ > 0) ::kill(postmaster_, SIGCONT);
  }

 private:
  static std::string program(const std::string& name) {
    for (const auto* place :
         {"/usr/lib/postgresql/15/bin/", "/usr/lib/postgresql/16/bin/", "/usr/lib/postgresql/17/bin/"}) {
      if (std::filesystem::exists(place + name)) return place + name;
    }
    throw std::runtime_error(name + " is not installed (scripts/install-packages test)");
  }
  static const passwd* owner() {
    const auto* who = ::getpwnam("postgres");
    if (::geteuid() == 0 && !who) throw std::runtime_error("there is no user postgres to run PostgreSQL as");
    return who;
  }
  static int free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    const bool found = probe >= 0 && ::bind(probe, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0 &&
                       ::getsockname(probe, reinterpret_cast<sockaddr*>(&at), &size) == 0;
    ::close(probe);
    if (!found) throw std::runtime_error("no free port");
    return ntohs(at.sin_port);
  }
  static std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> found;
    std::ifstream list("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
    for (pid_t one = 0; list >> one;) found.push_back(one);
    return found;
  }
  static int wait(pid_t child) {
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  [[nodiscard]] std::string data() const { return home_.file("data"); }
  [[nodiscard]] std::string log() const {
    std::ostringstream text;
    text << std::ifstream(home_.file("log")).rdbuf();
    return text.str();
  }
  [[nodiscard]] bool ready() const {
    return wait(run({program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", std::to_string(port_)})) == 0;
  }
  [[nodiscard]] pid_t run(const std::vector<std::string>& command) const {
    const auto log_file = home_.file("log");
    std::vector<char*> arguments;
    for (const auto& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
    arguments.push_back(nullptr);
    const auto* who = owner();
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (::geteuid() == 0 &&
        (::initgroups("postgres", who->pw_gid) != 0 || ::setgid(who->pw_gid) != 0 || ::setuid(who->pw_uid) != 0)) {
      ::_exit(126);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // after setuid, which clears it
    if (::chdir("/") != 0 || !std::freopen(log_file.c_str(), "a", stdout)) ::_exit(126);
    ::dup2(STDOUT_FILENO, STDERR_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }

  temporary_directory home_;
  int port_;
  pid_t postmaster_ = 0;
  std::vector<pid_t> frozen_;
};

}  // namespace spidergate::testing
