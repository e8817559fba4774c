// The type that the results of an event have: a zod schema, or the JSON Schema that came with an event from
// elsewhere. Checks values; knows nothing of handlers.

import { z } from "zod";

export class ResultType {
  private readonly given: z.ZodType | null;
  private json: unknown;
  private compiled: z.ZodType | null;

  private constructor(given: z.ZodType | null, json: unknown) {
    this.given = given;
    this.json = json;
    this.compiled = given;
  }

  static ofSchema(schema: z.ZodType): ResultType {
    return new ResultType(schema, undefined);
  }

  static ofJson(json: unknown): ResultType {
    return new ResultType(null, json);
  }

  /** What the user declared: the zod schema, or the JSON Schema as it was loaded. */
  get declared(): unknown {
    return this.given ?? this.json;
  }

  toJSON(): unknown {
    if (this.json === undefined && this.given !== null) {
      const { $schema: _, ...schema } = z.toJSONSchema(this.given, {
        unrepresentable: "any",
        override: ({ jsonSchema }) => {
          // That an integer is one of those that a number holds exactly is a matter of this language.
          if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
          if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
        },
      });
      this.json = schema;
    }
    return this.json;
  }

  check(value: unknown): z.ZodSafeParseResult<unknown> {
    this.compiled ??= z.fromJSONSchema(this.json as Parameters<typeof z.fromJSONSchema>[0]);
    return this.compiled.safeParse(value);
  }
}
