import { z } from 'zod';
import type { Group } from './group.js';

/** A setting in the words of docs/configuration.md. */
export interface SettingDescription {
  name: string;
  group: Group;
  /** No process that reads the setting starts without it. */
  isRequired: boolean;
  /** The default as a value of the variable; undefined: the variable is unset by default. */
  initial: string | undefined;
  /** The allowed values, in Markdown. */
  values: string;
  /** The meaning, in Markdown. */
  description: string;
  /** The processes that read it. */
  processes: string[];
}

/**
 * Describes every setting of the processes, each once. Throws an error for a setting without a group or a description.
 *
 * @param processes the settings that each process reads, by the name of the process
 */
export function describeSettings(processes: Record<string, Record<string, z.ZodType>>): SettingDescription[] {
  const schemas = new Map(Object.values(processes).flatMap((settings) => Object.entries(settings)));
  return [...schemas].map(([name, schema]) => {
    const { group, description } = schema.meta() ?? {};
    if (group === undefined) throw new Error(`${name} has no group: declare it inside group(…).`);
    if (description === undefined) throw new Error(`${name} has no description: add .describe(…).`);
    return {
      name,
      group,
      description,
      isRequired: !schema.safeParse(undefined).success,
      initial: initialOf(schema),
      values: valuesOf(name, schema),
      processes: Object.keys(processes).filter((process) => name in (processes[process] ?? {})),
    };
  });
}

/** The schema and the schemas inside it, down to the one that reads the variable. */
function layersOf(schema: z.ZodType): [z.ZodType, ...z.ZodType[]] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return [schema, ...layersOf(schema.unwrap() as z.ZodType)];
  if (schema instanceof z.ZodPipe) return [schema, ...layersOf(schema.in as z.ZodType)];
  return [schema];
}

function initialOf(schema: z.ZodType): string | undefined {
  const layers = layersOf(schema);
  const value = layers.find((layer) => layer instanceof z.ZodDefault)?.def.defaultValue;
  if (typeof value === 'string') return value || undefined;
  // Other texts are parsed. Their default is a value that no text stands for, such as an empty list.
  const isFlag = typeof value === 'boolean' && layers.at(-1) instanceof z.ZodEnum;
  return typeof value === 'number' || isFlag ? String(value) : undefined;
}

function valuesOf(name: string, schema: z.ZodType): string {
  const layers = layersOf(schema);
  const inWords = layers.map((layer) => layer.meta()?.values).find((values) => values !== undefined);
  if (inWords !== undefined) return inWords;
  const input = layers.at(-1);
  if (input instanceof z.ZodEnum) return listOf(input.options);
  if (input instanceof z.ZodLiteral) return listOf([...input.values]);
  if (input instanceof z.ZodNumber) {
    const isWhole = input.format === 'safeint';
    return `${range(input.minValue, input.maxValue)}${isWhole ? '' : ', decimals allowed'}`;
  }
  if (input instanceof z.ZodURL) return 'URL';
  if (input instanceof z.ZodString) return 'text';
  throw new Error(`${name} has no values: add .meta({ values: … }).`);
}

function listOf(values: readonly unknown[]): string {
  return values.map((value) => `\`${String(value)}\``).join(', ');
}

/** A range of numbers in words, both ends included. */
export function range(min: number | null, max: number | null): string {
  return [min, max].map((end) => end?.toLocaleString('en') ?? 'any').join(' to ');
}
