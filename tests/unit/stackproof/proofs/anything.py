"""Templates of any shape, for tests that nothing raises."""

from __future__ import annotations

from hypothesis import strategies as st

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(
        ["A", "B", "${A}", "${A.Arn}", "AWS::NoValue", "AWS::Region", "{{resolve:ssm:x}}", "A.Arn", "C", ""]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Ref",
                    "Fn::GetAtt",
                    "Fn::Sub",
                    "Fn::Join",
                    "Fn::Select",
                    "Fn::Split",
                    "Fn::FindInMap",
                    "Fn::If",
                    "Fn::Cidr",
                    "Fn::GetAZs",
                    "Fn::Base64",
                    "Fn::ImportValue",
                    "Fn::Transform",
                    "Fn::Length",
                    "Fn::ToJsonString",
                    "Fn::And",
                    "Fn::Not",
                    "Fn::Or",
                    "Fn::Equals",
                    "Condition",
                    "Type",
                    "Properties",
                    "A",
                    "B",
                    "Default",
                    "DependsOn",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=25,
)
SECTIONS = ["Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Transform", "Rules", "Metadata"]
TEMPLATES = JSON | st.dictionaries(
    st.sampled_from(SECTIONS), JSON | st.dictionaries(st.sampled_from(["A", "B", "C"]), JSON, max_size=3)
)
