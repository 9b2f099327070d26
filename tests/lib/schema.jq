# SPDX-License-Identifier: GPL-2.0-or-later
#
# The part of JSON Schema that ours use, so that documents can be checked where jq is all there is:
#   jq -r --slurpfile schema FILE -f schema.jq DOCUMENT      prints one line for each violation
def type_name: if type == "number" and . == floor then "integer" else type end;

def has_type($want):
	($want | if type == "array" then . else [.] end) as $all
	| type_name as $t
	| ($all | index($t)) != null or ($t == "integer" and ($all | index("number")) != null);

def violations($root; $s; $at):
	. as $v
	| if $s["$ref"] then
		violations($root; $root["$defs"][$s["$ref"] | ltrimstr("#/$defs/")]; $at)
	  else
		(if $s | has("type") and ($v | has_type($s.type) | not)
		 then "\($at): is \($v | type_name), not \($s.type)" else empty end),
		(if $s | has("const") and $s.const != $v then "\($at): is not \($s.const)" else empty end),
		(if $s | has("enum") and ($s.enum | index([$v]) == null)
		 then "\($at): \($v) is none of \($s.enum)" else empty end),
		(if $s | has("anyOf") and all($s.anyOf[]; [. as $o | $v | violations($root; $o; $at)]
					      | length > 0)
		 then "\($at): fits none of anyOf" else empty end),
		(if ($v | type) == "string" and ($s | has("pattern")) and ($v | test($s.pattern) | not)
		 then "\($at): \($v) does not match \($s.pattern)" else empty end),
		(if ($v | type) == "number" and ($s | has("minimum")) and $v < $s.minimum
		 then "\($at): \($v) is less than \($s.minimum)" else empty end),
		(if ($v | type) == "array" and ($s | has("minItems")) and ($v | length) < $s.minItems
		 then "\($at): too few" else empty end),
		(if ($v | type) == "array" and ($s | has("items"))
		 then range($v | length) as $i | $v[$i] | violations($root; $s.items; "\($at)[\($i)]")
		 else empty end),
		(if ($v | type) == "object" then
			(($s.required // [])[] | select(. as $k | $v | has($k) | not)
			 | "\($at): \(.) is missing"),
			($v | keys[] as $k
			 | if ($s.properties // {}) | has($k)
			   then .[$k] | violations($root; $s.properties[$k]; "\($at).\($k)")
			   elif any(($s.patternProperties // {}) | keys[]; . as $p | $k | test($p))
			   then empty
			   elif $s.additionalProperties == false then "\($at): \($k) is not in the schema"
			   elif ($s.additionalProperties | type) == "object"
			   then .[$k] | violations($root; $s.additionalProperties; "\($at).\($k)")
			   else empty end)
		 else empty end)
	  end;

violations($schema[0]; $schema[0]; "$")
