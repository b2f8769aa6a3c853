"""Facts about languages of files: one line each, read once.

Columns: name | kind | Pygments lexer | extensions | whole file names | interpreters of a `#!` line.
An extension stands in the first language that names it.
"""

from __future__ import annotations

import colorsys
import zlib
from dataclasses import dataclass
from typing import Literal

Kind = Literal["programming", "markup", "data", "prose"]

_KINDS: dict[str, Kind] = {"p": "programming", "m": "markup", "d": "data", "t": "prose"}

_TABLE = """
Python|p|python|py pyw pyi pyx pxd wsgi gyp|SConstruct SConscript wscript|python python2 python3 pypy pypy3 uv
Rust|p|rust|rs||rust-script
C|p|c|c h cats idc||tcc
C++|p|cpp|cpp cc cxx c++ hpp hh hxx h++ ipp tpp inl ino ixx cppm||
C#|p|csharp|cs csx cake||dotnet-script
Java|p|java|java jav||java
Kotlin|p|kotlin|kt kts ktm||kotlin
Scala|p|scala|scala sc sbt||scala
Groovy|p|groovy|groovy gvy gradle gsh|Jenkinsfile|groovy
Clojure|p|clojure|clj cljs cljc cljx bb|riemann.config|bb clojure
Go|p|go|go||gorun
JavaScript|p|javascript|js mjs cjs es6 jsm xsjs jake|Jakefile|node nodejs deno bun qjs
JSX|p|jsx|jsx||
TypeScript|p|typescript|ts mts cts||ts-node tsx
TSX|p|tsx|tsx||
CoffeeScript|p|coffeescript|coffee cson iced|Cakefile|coffee
LiveScript|p|livescript|ls|Slakefile|
Dart|p|dart|dart||dart
Vue|m|html|vue||
Svelte|m|html|svelte||
Astro|m|html|astro||
HTML|m|html|html htm xhtml xht hta||
CSS|m|css|css||
SCSS|m|scss|scss||
Sass|m|sass|sass||
Less|m|less|less||
Stylus|m|sass|styl||
PHP|p|php|php php3 php4 php5 php7 phps phtml phpt inc||php
Hack|p|php|hack hhi||hhvm
Ruby|p|ruby|rb rbw rbx rake gemspec podspec ru thor jbuilder builder|Rakefile Gemfile Guardfile Capfile Vagrantfile Podfile Brewfile Fastfile Thorfile Berksfile Appraisals Dangerfile|ruby jruby rake
Crystal|p|crystal|cr||crystal
Perl|p|perl|pl pm plx psgi t al ph perl||perl
Raku|p|perl6|raku rakumod rakutest p6 pl6 pm6||raku perl6 rakudo
Lua|p|lua|lua wlua rockspec nse p8|.luacheckrc|lua luajit
Luau|p|luau|luau||luau
MoonScript|p|moonscript|moon||moon
Teal|p|lua|tl||tl
Swift|p|swift|swift||swift
Objective-C|p|objective-c|m||
Objective-C++|p|objective-c++|mm||
D|p|d|d di||rdmd
Nim|p|nim|nim nims nimble||nim
Zig|p|zig|zig zon||
Odin|p|odin|odin||
V|p|v|vv vsh||v
Vala|p|vala|vala vapi||
Mojo|p|mojo|mojo||mojo
Carbon|p|carbon|carbon||
Hare|p|hare|ha||
Pony|p|pony|pony||
Chapel|p|chapel|chpl||
Ballerina|p|java|bal||
Haskell|p|haskell|hs hsc lhs hs-boot||runhaskell runghc
PureScript|p|haskell|purs||
Elm|p|elm|elm||
OCaml|p|ocaml|ml mli mll mly eliom|dune-workspace|ocaml ocamlrun
Reason|p|reasonml|re rei||
ReScript|p|reasonml|res resi||
Standard ML|p|sml|sml sig fun||
F#|p|fsharp|fs fsi fsx||fsharpi
Erlang|p|erlang|erl hrl escript xrl yrl|rebar.config|escript
Elixir|p|elixir|ex exs|mix.lock|elixir iex
Gleam|p|gleam|gleam||
LFE|p|common-lisp|lfe||
Common Lisp|p|common-lisp|lisp lsp cl asd ny||sbcl clisp ecl
Scheme|p|scheme|scm sld sls sps ss||guile scheme chicken csi
Racket|p|racket|rkt rktd rktl scrbl||racket
Emacs Lisp|p|emacs-lisp|el|.emacs .spacemacs Cask|emacs
Fennel|p|fennel|fnl||fennel
Janet|p|janet|janet||janet
R|p|r|r rprofile rsx|.Rprofile|Rscript
Julia|p|julia|jl||julia
MATLAB|p|matlab|matlab||
Octave|p|octave|oct||octave
Fortran|p|fortran|f90 f95 f03 f08 fpp||
Fortran (fixed)|p|fortranfixed|f for f77 ftn||
COBOL|p|cobol|cob cbl cobol cpy||
Pascal|p|pascal|pas lpr dpr dfm||instantfpc
Ada|p|ada|adb ads ada||
Modula-2|p|modula2|mod||
Eiffel|p|eiffel|e||
VHDL|p|vhdl|vhd vhdl||
Verilog|p|verilog|v vh veo||
SystemVerilog|p|systemverilog|sv svh||
Bluespec|p|systemverilog|bsv||
Shell|p|bash|sh bash zsh ksh ebuild eclass bats command tool|.bashrc .bash_profile .profile .zshrc .zshenv .bash_aliases PKGBUILD gradlew mvnw|sh bash dash zsh ksh ash mksh bats
Fish|p|fish|fish||fish
Nushell|p|bash|nu||nu
PowerShell|p|powershell|ps1 psm1 psd1||pwsh powershell
Batch|p|batch|bat cmd||
Tcl|p|tcl|tcl tm adp||tclsh wish
Awk|p|awk|awk gawk mawk||awk gawk mawk
sed|p|sed|sed||sed gsed
SQL|d|sql|sql ddl dml||
PL/pgSQL|p|plpgsql|pgsql plpgsql||
PL/SQL|p|sql|pls plb pck pkb pks plsql||
Prolog|p|prolog|pro prolog yap||swipl
Datalog|p|prolog|dl||
Smalltalk|p|smalltalk|st||gst
Visual Basic|p|vb.net|vb vbhtml bas cls frm||
VBScript|p|vbscript|vbs||
AutoHotkey|p|autohotkey|ahk||
AppleScript|p|applescript|applescript scpt||osascript
Assembly|p|nasm|asm nasm s a51||
LLVM|p|llvm|ll||
WebAssembly|p|wast|wat wast||
CUDA|p|cuda|cu cuh||
OpenCL|p|c|opencl||
GLSL|p|glsl|glsl vert frag geom comp tesc tese fsh||
HLSL|p|hlsl|hlsl fx fxh cginc||
WGSL|p|wgsl|wgsl||
Metal|p|cpp|metal||
GDScript|p|gdscript|gd||
Haxe|p|haxe|hx hxsl||
ActionScript|p|as3|as||
Arduino|p|arduino|pde||
OpenSCAD|p|openscad|scad||
Solidity|p|solidity|sol||
Move|p|rust|move||
Cairo|p|rust|cairo||
Vyper|p|vyper|vy||
Coq|p|coq|coq||
Lean|p|lean|lean||
Agda|p|agda|agda lagda||
Idris|p|idris|idr lidr||
Isabelle|p|isabelle|thy||
TLA+|p|text|tla||
Alloy|p|alloy|als||
APL|p|apl|apl dyalog||
J|p|j|ijs||jconsole
Q|p|q|q||
Forth|p|forth|fth 4th forth||gforth
Factor|p|factor|factor||factor
Stan|p|stan|stan||
Modelica|p|modelica|mo||
SAS|p|sas|sas||
Stata|p|stata|do ado doh||
Gnuplot|p|gnuplot|gp gnu gnuplot plt||gnuplot
PostScript|p|postscript|ps eps||
ABAP|p|abap|abap||
Apex|p|java|apex trigger||
Io|p|io|io||io
Red|p|red|red reds||
Rexx|p|rexx|rexx rex||rexx regina
Starlark|p|python|bzl star bazel|BUILD BUILD.bazel WORKSPACE WORKSPACE.bazel MODULE.bazel BUCK Tiltfile|
Makefile|p|make|mk mak make|Makefile makefile GNUmakefile BSDmakefile Makefile.am Makefile.in Kbuild|make
CMake|p|cmake|cmake cmake.in|CMakeLists.txt|
Meson|p|meson||meson.build meson_options.txt meson.options|
Ninja|d|text|ninja||
Just|p|make|just|justfile Justfile .justfile|just
M4|p|text|m4 ac|configure.ac|
Dockerfile|p|docker|dockerfile containerfile|Dockerfile Containerfile|
Nix|p|nix|nix||nix-shell
HCL|p|terraform|hcl tf tfvars nomad workflow||
Puppet|p|puppet|pp||
Jsonnet|p|jsonnet|jsonnet libsonnet||
CUE|p|go|cue||
Dhall|p|haskell|dhall||
Rego|p|rego|rego||
Bicep|p|terraform|bicep||
Protocol Buffers|d|protobuf|proto||
Thrift|p|thrift|thrift||
Cap'n Proto|p|capnp|capnp||
FlatBuffers|d|protobuf|fbs||
GraphQL|d|graphql|graphql gql graphqls||
Prisma|d|graphql|prisma||
Gherkin|p|gherkin|feature||
Robot Framework|p|robotframework|robot resource||
ANTLR|p|antlr|g4||
Yacc|p|c|y yy yacc||
Lex|p|c|l lex flex||
EBNF|d|ebnf|ebnf||
ABNF|d|abnf|abnf||
Ragel|p|ragel|rl||
Jinja|m|html+jinja|j2 jinja jinja2 html.j2||
Django Template|m|html+django|djhtml||
Twig|m|html+twig|twig||
Liquid|m|liquid|liquid||
ERB|m|erb|erb html.erb rhtml||
EJS|m|html|ejs||
Haml|m|haml|haml||
Pug|m|pug|pug jade||
Slim|m|slim|slim||
Handlebars|m|html+handlebars|hbs handlebars mustache||
Mako|m|html+mako|mako mao||
Smarty|m|html+smarty|tpl||
Blade|m|html+php|blade.php||
JSP|m|jsp|jsp jspf||
ASP.NET|m|html|aspx cshtml razor ascx ashx||
TeX|m|tex|tex sty ltx dtx ins||
BibTeX|m|bibtex|bib||
Typst|m|typst|typ||
Roff|m|groff|1 2 3 4 5 6 7 8 man mdoc ms roff||
XML|d|xml|xml xsd xsl xslt rss atom plist svg xaml csproj vbproj fsproj props targets wsdl ui xul kml gpx resx nuspec dita pom|.classpath .project pom.xml|
YAML|d|yaml|yaml yml yaml-tmlanguage clang-format|.clang-format .clang-tidy .gemrc CITATION.cff|
JSON|d|json|json webmanifest geojson topojson har avsc gltf jsonld|.prettierrc .eslintrc .babelrc .jshintrc composer.lock Pipfile.lock flake.lock|
JSON with comments|d|json5|jsonc json5 code-workspace|tsconfig.json jsconfig.json|
JSON Lines|d|json|jsonl ndjson||
Jupyter Notebook|m|json|ipynb||
TOML|d|toml|toml|Cargo.lock poetry.lock uv.lock Pipfile pdm.lock|
INI|d|ini|ini cfg prefs lektorproject|.editorconfig .gitconfig .npmrc .pylintrc .flake8 .coveragerc setup.cfg|
Properties|d|properties|properties||
dotenv|d|bash|env|.env .env.example|
Git files|d|text||.gitignore .gitattributes .gitmodules .mailmap .dockerignore .npmignore .prettierignore .eslintignore CODEOWNERS|
Desktop entry|d|desktop|desktop directory||
systemd|d|systemd|service socket timer target mount automount slice||
nginx|d|nginx|nginx nginxconf|nginx.conf|
Apache|d|apacheconf|htaccess|.htaccess httpd.conf apache2.conf|
Vim Script|p|vim|vim vimrc|.vimrc .gvimrc vimrc _vimrc|vim
Device Tree|p|devicetree|dts dtsi||
Kconfig|d|kconfig|kconfig|Kconfig|
CSV|d|text|csv tsv psv||
Gettext|t|po|po pot||
Diff|d|diff|diff patch||
SPARQL|d|sparql|sparql rq||
Turtle|d|turtle|ttl||
XQuery|p|xquery|xq xqm xquery xqy||
Cypher|p|cypher|cyp cypher||
HTTP|d|http|http||
Go module|d|text||go.mod go.work go.sum|
PEM|d|text|pem crt csr||
G-code|d|gcode|gcode nc||
Wavefront|d|text|obj mtl||
Mermaid|m|text|mmd mermaid||
Graphviz|d|graphviz|dot gv||
PlantUML|d|text|puml plantuml||
Markdown|t|markdown|md markdown mdown mkd mkdn mdx qmd rmd livemd||
reStructuredText|t|rst|rst rest||
AsciiDoc|t|text|adoc asciidoc asc||
Org|t|org|org||
Wiki text|t|wikitext|mediawiki wiki wikitext textile||
Text|t|text|txt text log|README LICENSE LICENCE COPYING COPYRIGHT NOTICE AUTHORS CONTRIBUTORS CHANGELOG CHANGES NEWS INSTALL TODO THANKS MAINTAINERS|
"""  # noqa: E501 - one language, one line


@dataclass(frozen=True, slots=True)
class Language:
    """A language of files. `colour` is a hex colour of middle lightness, always the same for a name."""

    name: str
    kind: Kind
    lexer: str
    colour: str


def words(text: str) -> frozenset[str]:
    """The words of a list written as text."""
    return frozenset(text.split())


def _colour(name: str) -> str:
    number = zlib.crc32(name.encode())
    hue, light, full = (number % 360) / 360, 0.42 + (number >> 9) % 12 / 100, 0.5 + (number >> 16) % 20 / 100
    red, green, blue = (round(part * 255) for part in colorsys.hls_to_rgb(hue, light, full))
    return f"#{red:02x}{green:02x}{blue:02x}"


LANGUAGES: dict[str, Language] = {}
BY_EXTENSION: dict[str, Language] = {}
BY_FILE_NAME: dict[str, Language] = {}
BY_INTERPRETER: dict[str, Language] = {}

for _line in _TABLE.strip().splitlines():
    _name, _kind, _lexer, _extensions, _files, _interpreters = _line.split("|")
    _language = Language(_name, _KINDS[_kind], _lexer, _colour(_name))
    LANGUAGES[_name] = _language
    for _key in _extensions.split():
        BY_EXTENSION.setdefault(_key, _language)
    for _key in _files.split():
        BY_FILE_NAME.setdefault(_key, _language)
    for _key in _interpreters.split():
        BY_INTERPRETER.setdefault(_key, _language)
