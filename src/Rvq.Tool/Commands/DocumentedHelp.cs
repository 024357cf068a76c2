using System.CommandLine;
using System.CommandLine.Invocation;

namespace Rvq.Tool.Commands;

/// <summary>The help of System.CommandLine with what commands add to it.</summary>
internal sealed class DocumentedHelp(SynchronousCommandLineAction help) : SynchronousCommandLineAction
{
    private const string Completions = """

        Completions:
          dotnet tool install --global dotnet-suggest, and its script in the shell's profile (https://aka.ms/dotnet-suggest);
          any other shell can ask for them itself: rvq "[suggest:9]" "rvq enc"

        """;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var code = help.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is DocumentedCommand command)
        {
            output.WriteLine("Examples:");
            foreach (var example in command.Examples)
            {
                output.WriteLine($"  {example}");
            }

            output.WriteLine();
            if (command.Json is { } json)
            {
                output.WriteLine(
                    "JSON (what is not known is null; properties may be added, none changes without another number in the schema):");
                output.WriteLine($"  {json}");
                output.WriteLine();
            }
        }
        else
        {
            output.Write(Completions);
        }

        return code;
    }
}
