#include "credential_input.hpp"

#include "output.hpp"

#include <spidergate/core/ascii.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <istream>
#include <iterator>
#include <optional>
#include <ostream>
#include <termios.h>
#include <unistd.h>

namespace spidergate::cli {

namespace {

using fields = std::vector<vault::credential_field>;

constexpr std::array<std::string_view, 6> secret_names{"api_key",         "secret_access_key", "session_token",
                                                       "service_account", "service_key",       "private_key"};

bool is_secret(std::string_view name) {
  return std::find(secret_names.begin(), secret_names.end(), name) != secret_names.end();
}

bool holds(const fields& given, std::string_view name) {
  return std::any_of(given.begin(), given.end(), [&](const auto& f) { return f.name == name; });
}

fields settings_of(const std::vector<std::string>& arguments) {
  fields given;
  for (const auto& argument : arguments) {
    const auto equals = argument.find('=');
    auto name = argument.substr(0, equals);
    if (equals == std::string::npos || name.empty())
      throw command_error{exit_code::usage, "--credential takes name=value, such as region=eu-west-1."};
    if (is_secret(name))
      throw command_error{exit_code::usage, "'" + name +
                                                "' is a secret, and arguments can be seen by everybody on this "
                                                "machine: hand it in with --api-key-stdin or at the prompt."};
    given.push_back({.name = std::move(name), .value = secret_string(argument.substr(equals + 1))});
  }
  return given;
}

/// Puts the terminal back however the prompt ends. Signals are typed characters meanwhile, so that none can leave the
/// terminal silent.
class silent_terminal {
 public:
  silent_terminal() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0)
      throw command_error{exit_code::failed, "The terminal cannot be silenced: use --api-key-stdin."};
    auto silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    silent.c_cc[VMIN] = 1;
    silent.c_cc[VTIME] = 0;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~silent_terminal() { ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }
  silent_terminal(const silent_terminal&) = delete;
  silent_terminal& operator=(const silent_terminal&) = delete;

 private:
  termios before_{};
};

constexpr std::size_t longest_secret = 16'384;

secret_string typed_secret() {
  constexpr char interrupt = 3;
  constexpr char end_of_input = 4;
  const silent_terminal silence;
  std::string typed;
  typed.reserve(longest_secret);  // it never grows, so no copy stays behind
  char c = 0;
  while (::read(STDIN_FILENO, &c, 1) == 1 && c != '\n' && c != '\r') {
    if (c == interrupt || c == end_of_input) throw command_error{exit_code::failed, "Nothing was stored."};
    if ((c == '\x7f' || c == '\b') && !typed.empty())
      typed.pop_back();
    else if (static_cast<unsigned char>(c) >= ' ' && typed.size() < longest_secret)
      typed.push_back(c);
  }
  secret_string kept(typed);
  explicit_bzero(typed.data(), typed.size());
  return kept;
}

secret_string asked_for(context& in, const catalogue::provider& provider, const std::string& name,
                        std::istream& stdin_stream) {
  in.err() << provider.name << ", " << name << (is_secret(name) ? " (not shown): " : ": ") << std::flush;
  if (!is_secret(name)) {
    std::string line;
    std::getline(stdin_stream, line);
    return secret_string(trim(line));
  }
  auto typed = typed_secret();
  in.err() << "\n";
  return typed;
}

secret_string whole_of(std::istream& from) {
  std::string text(std::istreambuf_iterator<char>(from), {});
  constexpr std::string_view blanks = " \t\r\n";
  std::string_view trimmed(text);
  trimmed.remove_prefix(std::min(trimmed.find_first_not_of(blanks), trimmed.size()));
  trimmed = trimmed.substr(0, trimmed.find_last_not_of(blanks) + 1);
  secret_string kept(trimmed);
  explicit_bzero(text.data(), text.size());
  if (kept.empty())
    throw command_error{exit_code::usage,
                        "No key came on stdin: pipe it in, such as `printf %s \"$KEY\" | spidergate "
                        "provider add NAME --api-key-stdin`."};
  return kept;
}

/// The secret that is still missing; one key where nothing says otherwise.
std::string missing_secret(const vault::credential_shape& shape, const fields& given) {
  for (const auto& name : shape.required)
    if (is_secret(name) && !holds(given, name)) return name;
  return "api_key";
}

}  // namespace

std::vector<vault::credential_field> read_credentials(context& in, const catalogue::provider& provider,
                                                      const credential_source& from, std::istream& stdin_stream) {
  auto given = settings_of(from.settings);
  const auto shape = vault::shape_of(provider, from.base_url, !holds(given, "access_key_id"));
  if (from.secret_on_stdin) {
    auto name = missing_secret(shape, given);
    given.push_back({.name = std::move(name), .value = whole_of(stdin_stream)});
    return given;
  }
  const bool complete =
      std::all_of(shape.required.begin(), shape.required.end(), [&](const auto& name) { return holds(given, name); });
  if (complete) return given;
  if (::isatty(STDIN_FILENO) == 0)
    throw command_error{exit_code::usage,
                        "There is no terminal to ask for the key: pipe it in and add --api-key-stdin (settings go with "
                        "--credential name=value)."};
  for (const auto& name : shape.required)
    if (!holds(given, name)) given.push_back({.name = name, .value = asked_for(in, provider, name, stdin_stream)});
  return given;
}

}  // namespace spidergate::cli
