define internal void @loop_1(ptr noalias %a0, ptr noalias %a1) #1 {
entry:
  br label %b1
b1:
  %v3 = phi i64 [ 0, %entry ], [ %v105, %b91 ]
  br label %b4
b4:
  %v6 = phi i64 [ 0, %b1 ], [ %v50, %b4 ]
  %v7 = phi <4 x float> [ <float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000>, %b1 ], [ %v19, %b4 ]
  %v8 = phi <4 x float> [ <float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000>, %b1 ], [ %v29, %b4 ]
  %v9 = phi <4 x float> [ <float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000>, %b1 ], [ %v39, %b4 ]
  %v10 = phi <4 x float> [ <float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000>, %b1 ], [ %v49, %b4 ]
  %v11 = mul nsw i64 %v3, 160
  %v12 = getelementptr i8, ptr %a0, i64 %v11
  %v13 = mul nsw i64 %v6, 4
  %v14 = getelementptr i8, ptr %v12, i64 %v13
  %v15 = load <4 x float>, ptr %v14, align 4
  %v16 = fcmp ogt <4 x float> %v15, %v7
  %v17 = select <4 x i1> %v16, <4 x float> %v15, <4 x float> %v7
  %v18 = fcmp uno <4 x float> %v15, %v15
  %v19 = select <4 x i1> %v18, <4 x float> %v15, <4 x float> %v17
  %v20 = mul nsw i64 %v3, 160
  %v21 = getelementptr i8, ptr %a0, i64 %v20
  %v22 = mul nsw i64 %v6, 4
  %v23 = getelementptr i8, ptr %v21, i64 %v22
  %v24 = getelementptr i8, ptr %v23, i64 16
  %v25 = load <4 x float>, ptr %v24, align 4
  %v26 = fcmp ogt <4 x float> %v25, %v8
  %v27 = select <4 x i1> %v26, <4 x float> %v25, <4 x float> %v8
  %v28 = fcmp uno <4 x float> %v25, %v25
  %v29 = select <4 x i1> %v28, <4 x float> %v25, <4 x float> %v27
  %v30 = mul nsw i64 %v3, 160
  %v31 = getelementptr i8, ptr %a0, i64 %v30
  %v32 = mul nsw i64 %v6, 4
  %v33 = getelementptr i8, ptr %v31, i64 %v32
  %v34 = getelementptr i8, ptr %v33, i64 32
  %v35 = load <4 x float>, ptr %v34, align 4
  %v36 = fcmp ogt <4 x float> %v35, %v9
  %v37 = select <4 x i1> %v36, <4 x float> %v35, <4 x float> %v9
  %v38 = fcmp uno <4 x float> %v35, %v35
  %v39 = select <4 x i1> %v38, <4 x float> %v35, <4 x float> %v37
  %v40 = mul nsw i64 %v3, 160
  %v41 = getelementptr i8, ptr %a0, i64 %v40
  %v42 = mul nsw i64 %v6, 4
  %v43 = getelementptr i8, ptr %v41, i64 %v42
  %v44 = getelementptr i8, ptr %v43, i64 48
  %v45 = load <4 x float>, ptr %v44, align 4
  %v46 = fcmp ogt <4 x float> %v45, %v10
  %v47 = select <4 x i1> %v46, <4 x float> %v45, <4 x float> %v10
  %v48 = fcmp uno <4 x float> %v45, %v45
  %v49 = select <4 x i1> %v48, <4 x float> %v45, <4 x float> %v47
  %v50 = add nuw nsw i64 %v6, 16
  %v51 = icmp slt i64 %v50, 32
  br i1 %v51, label %b4, label %b5
b5:
  %v52 = mul nsw i64 %v3, 160
  %v53 = getelementptr i8, ptr %a0, i64 %v52
  %v54 = getelementptr i8, ptr %v53, i64 128
  %v55 = load <4 x float>, ptr %v54, align 4
  %v56 = fcmp ogt <4 x float> %v55, %v19
  %v57 = select <4 x i1> %v56, <4 x float> %v55, <4 x float> %v19
  %v58 = fcmp uno <4 x float> %v55, %v55
  %v59 = select <4 x i1> %v58, <4 x float> %v55, <4 x float> %v57
  %v60 = mul nsw i64 %v3, 160
  %v61 = getelementptr i8, ptr %a0, i64 %v60
  %v62 = getelementptr i8, ptr %v61, i64 144
  %v63 = load <4 x float>, ptr %v62, align 4
  %v64 = fcmp ogt <4 x float> %v63, %v29
  %v65 = select <4 x i1> %v64, <4 x float> %v63, <4 x float> %v29
  %v66 = fcmp uno <4 x float> %v63, %v63
  %v67 = select <4 x i1> %v66, <4 x float> %v63, <4 x float> %v65
  %v68 = fcmp ogt <4 x float> %v67, %v59
  %v69 = select <4 x i1> %v68, <4 x float> %v67, <4 x float> %v59
  %v70 = fcmp uno <4 x float> %v67, %v67
  %v71 = select <4 x i1> %v70, <4 x float> %v67, <4 x float> %v69
  %v72 = fcmp ogt <4 x float> %v49, %v39
  %v73 = select <4 x i1> %v72, <4 x float> %v49, <4 x float> %v39
  %v74 = fcmp uno <4 x float> %v49, %v49
  %v75 = select <4 x i1> %v74, <4 x float> %v49, <4 x float> %v73
  %v76 = fcmp ogt <4 x float> %v75, %v71
  %v77 = select <4 x i1> %v76, <4 x float> %v75, <4 x float> %v71
  %v78 = fcmp uno <4 x float> %v75, %v75
  %v79 = select <4 x i1> %v78, <4 x float> %v75, <4 x float> %v77
  %v80 = shufflevector <4 x float> %v79, <4 x float> poison, <4 x i32> <i32 2, i32 3, i32 0, i32 1>
  %v81 = fcmp ogt <4 x float> %v80, %v79
  %v82 = select <4 x i1> %v81, <4 x float> %v80, <4 x float> %v79
  %v83 = fcmp uno <4 x float> %v80, %v80
  %v84 = select <4 x i1> %v83, <4 x float> %v80, <4 x float> %v82
  %v85 = shufflevector <4 x float> %v84, <4 x float> poison, <4 x i32> <i32 1, i32 0, i32 3, i32 2>
  %v86 = fcmp ogt <4 x float> %v85, %v84
  %v87 = select <4 x i1> %v86, <4 x float> %v85, <4 x float> %v84
  %v88 = fcmp uno <4 x float> %v85, %v85
  %v89 = select <4 x i1> %v88, <4 x float> %v85, <4 x float> %v87
  br label %b90
b90:
  %v92 = phi i64 [ 0, %b5 ], [ %v103, %b90 ]
  %v93 = mul nsw i64 %v3, 160
  %v94 = getelementptr i8, ptr %a0, i64 %v93
  %v95 = mul nsw i64 %v92, 4
  %v96 = getelementptr i8, ptr %v94, i64 %v95
  %v97 = load <4 x float>, ptr %v96, align 4
  %v98 = fsub <4 x float> %v97, %v89
  %v99 = mul nsw i64 %v3, 176
  %v100 = getelementptr i8, ptr %a1, i64 %v99
  %v101 = mul nsw i64 %v92, 4
  %v102 = getelementptr i8, ptr %v100, i64 %v101
  store <4 x float> %v98, ptr %v102, align 4
  %v103 = add nuw nsw i64 %v92, 4
  %v104 = icmp slt i64 %v103, 40
  br i1 %v104, label %b90, label %b91
b91:
  %v105 = add nuw nsw i64 %v3, 1
  %v106 = icmp slt i64 %v105, 3
  br i1 %v106, label %b1, label %b2
b2:
  ret void
}

define internal void @step(ptr %arena, ptr %a1) #1 {
entry:
  call void @loop_1(ptr %a1, ptr %arena)
  ret void
}

define void @run(ptr %arena, ptr %table) #0 {
entry:
  %v1 = load ptr, ptr %table, align 8
  call void @step(ptr %arena, ptr %v1)
  ret void
}

attributes #0 = { nounwind "prefer-vector-width"="128" "min-legal-vector-width"="128" "no-trapping-math"="true" }
attributes #1 = { nounwind noinline "prefer-vector-width"="128" "min-legal-vector-width"="128" "no-trapping-math"="true" }
