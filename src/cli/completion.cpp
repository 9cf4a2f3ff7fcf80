#include "command_node.hpp"

#include <algorithm>

namespace spidergate::cli {

namespace {

/// A node with the path of names that leads to it ("key/create"; the root's is empty).
struct place {
  std::string path;
  const command_node* node;
};

void collect(const command_node& node, const std::string& path, std::vector<place>& into) {
  into.push_back({path, &node});
  for (const auto& child : node.children) collect(child, path.empty() ? child.name : path + "/" + child.name, into);
}

std::vector<place> places_of(const command_node& root) {
  std::vector<place> all;
  collect(root, "", all);
  return all;
}

/// "key|key/create|…": every path but the root's.
std::string paths_joined(const std::vector<place>& all, std::string_view separator) {
  std::string text;
  for (const auto& one : all)
    if (!one.path.empty()) text.append(text.empty() ? "" : separator).append(one.path);
  return text;
}

/// What may follow at a place: commands, values, options; those of the root are taken everywhere.
std::vector<command_node::option> words_at(const command_node& root, const command_node& node) {
  std::vector<command_node::option> words;
  for (const auto& child : node.children) words.push_back({.name = child.name, .description = child.description});
  for (const auto& value : node.values) words.push_back({.name = value, .description = {}});
  const auto add_options = [&words](const command_node& of) {
    for (const auto& o : of.options)
      if (!o.hidden && std::find(words.begin(), words.end(), o) == words.end()) words.push_back(o);
  };
  add_options(node);
  if (&node != &root) add_options(root);
  return words;
}

/// In single quotes for a shell.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) c == '\'' ? out.append("'\\''") : out.append(1, c);
  return out + "'";
}

/// For bash and zsh: finds the command that the words so far lead to (`loop` gives one after the other as `word`), then
/// does what `cases` say of it.
std::string walk(const std::vector<place>& all, const std::string& loop, const std::string& word,
                 const std::string& cases) {
  return "  for " + loop +
         "; do\n"
         "    next=\"${at:+$at/}" +
         word +
         "\"\n"
         "    case \"$next\" in\n"
         "    " +
         paths_joined(all, "|") +
         ") at=\"$next\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$at\" in\n" +
         cases + "  esac\n";
}

std::string bash_script(const command_node& root) {
  const auto all = places_of(root);
  std::string cases;
  for (const auto& one : all) {
    std::string words;
    for (const auto& word : words_at(root, *one.node)) words.append(words.empty() ? "" : " ").append(word.name);
    cases += "    " + quoted(one.path) + ") words=" + quoted(words) + " ;;\n";
  }
  return "# bash completion of spidergate: source this file, or put it into /etc/bash_completion.d\n"
         "_spidergate() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" at='' words='' next i\n" +
         walk(all, "((i = 1; i < COMP_CWORD; i++))", "${COMP_WORDS[i]}", cases) +
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "}\n"
         "complete -o default -F _spidergate spidergate\n";
}

std::string zsh_script(const command_node& root) {
  const auto all = places_of(root);
  std::string cases;
  for (const auto& one : all) {
    cases += "    " + quoted(one.path) + ") words_here=(";
    for (const auto& word : words_at(root, *one.node)) {
      auto entry = word.name;
      if (!word.description.empty()) entry += ":" + word.description;
      cases += "\n      " + quoted(entry);
    }
    cases += ") ;;\n";
  }
  return "#compdef spidergate\n"
         "# zsh completion of spidergate: put this file as _spidergate into a folder of $fpath\n"
         "_spidergate() {\n"
         "  local at='' next word\n"
         "  local -a words_here\n" +
         walk(all, "word in ${words[2,$((CURRENT - 1))]}", "$word", cases) +
         "  _describe 'spidergate' words_here || _files\n"
         "}\n"
         "if [[ \"$funcstack[1]\" = _spidergate ]]; then _spidergate \"$@\"; else compdef _spidergate spidergate; fi\n";
}

std::string fish_line(const std::string& path, const command_node::option& word) {
  auto line = "complete -c spidergate -n \"__spidergate_at " + quoted(path) + "\" ";
  if (word.name.starts_with("--")) {
    line += "-l " + word.name.substr(2) + (word.takes_value ? " -r" : "");
  } else {
    line += "-f -a " + quoted(word.name);
  }
  if (!word.description.empty()) line += " -d " + quoted(word.description);
  return line + "\n";
}

std::string fish_script(const command_node& root) {
  const auto all = places_of(root);
  auto script =
      "# fish completion of spidergate: put this file as spidergate.fish into ~/.config/fish/completions\n"
      "function __spidergate_at\n"
      "  set -l at ''\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    set -l next (string trim -c / -- \"$at/$word\")\n"
      "    if contains -- $next " +
      paths_joined(all, " ") +
      "\n"
      "      set at $next\n"
      "    end\n"
      "  end\n"
      "  test \"$at\" = \"$argv[1]\"\n"
      "end\n";
  for (const auto& one : all)
    for (const auto& word : words_at(root, *one.node)) script += fish_line(one.path, word);
  return script;
}

}  // namespace

std::string completion_script(const command_node& root, std::string_view shell) {
  if (shell == "bash") return bash_script(root);
  if (shell == "zsh") return zsh_script(root);
  if (shell == "fish") return fish_script(root);
  return {};
}

}  // namespace spidergate::cli
