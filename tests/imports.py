"""A kind of import-linter contract: these modules import nothing of the project but what is listed."""

from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OnlyContract(Contract):
    type_name = "only"

    importers = fields.SetField(subfield=fields.StringField())
    may_import = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002  import-linter calls it
        importers, may_import = cast("set[str]", self.importers), cast("set[str]", self.may_import)
        allowed = self._below(graph, importers | may_import)
        strays = {
            f"{module} imports {imported}"
            for module in self._below(graph, importers)
            for imported in graph.find_modules_directly_imported_by(module)
            if not graph.is_module_squashed(imported) and imported not in allowed
        }
        return ContractCheck(kept=not strays, metadata={"strays": sorted(strays)})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for stray in check.metadata["strays"]:
            output.print_error(stray)

    @staticmethod
    def _below(graph: ImportGraph, roots: set[str]) -> set[str]:
        """The modules and everything inside them; fails for a name that does not exist."""
        inside = {module for root in roots for module in graph.find_descendants(root)}
        return roots | inside
